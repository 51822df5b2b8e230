//! Policy surrogates with everything around them.

use burn::tensor::Tensor;
use rl_algos::correction::off_policy_rows;
use rl_algos::kl::{importance_corrected, k3};
use rl_algos::surrogate::{
    self, ClipCov, DivergenceLimits, EmptyRow, KlCov, SapoTemperatures, Vespo, VespoShape,
};
use rl_algos::{
    Denominator, DeviceMask, Grid, Mask, PolicyBatch, Positive, aggregate, entropy_bonus, mean_over_rows,
    top_entropy,
};

use crate::case::{Case, Outcome};
use crate::corrections;

pub fn compute(case: &Case<'_>) -> Outcome {
    let outcome = match case.family {
        family if family.starts_with("loss.ppo_dual") || family.starts_with("loss.easyr1") => dual_clip(case),
        family if family.starts_with("loss.ppo.openrlhf") => openrlhf(case),
        _ => trl(case),
    };
    if outcome.is_empty() { other(case) } else { outcome }
}

struct Ready {
    mask: DeviceMask,
    leaf_bt: Tensor<2>,
    batch: PolicyBatch,
}

fn ready(case: &Case<'_>, mask: Mask) -> Ready {
    ready_against(case, "old_logp", mask)
}

fn ready_against(case: &Case<'_>, old: &str, mask: Mask) -> Ready {
    let mask = mask.to_device(&case.device());
    let (leaf_bt, batch) = case.batch_against(old, &mask);
    Ready { mask, leaf_bt, batch }
}

fn finish(case: &Case<'_>, ready: &Ready, loss_bt: Tensor<2>) -> Outcome {
    Outcome::of_loss(case.reduce(loss_bt, &ready.mask), &[("grad", &ready.leaf_bt)])
}

/// GRPO and its relatives: clip or cap, KL, weights, filters.
fn trl(case: &Case<'_>) -> Outcome {
    let names = ["grpo", "bnpo", "dr_grpo", "dapo"].map(|name| format!("loss.{name}"));
    let known = names.iter().any(|name| case.family == name || case.family.starts_with(&format!("{name}.")));
    if !known && case.family != "loss.grpo_paper" {
        return Outcome::default();
    }
    let ready = ready(case, case.mask());
    let Ready { mask, leaf_bt, batch } = &ready;
    let mut loss_bt = match case.params["delta"].as_f64() {
        Some(_) => surrogate::ppo_capped(batch, case.band(), case.positive("delta")),
        None => surrogate::ppo_clip(batch, case.band()),
    };
    let mut extra = Outcome::default();
    if case.family == "loss.dapo.is" {
        let (weights_bt, reported) = corrections::trl(case, mask.host());
        loss_bt = surrogate::weigh(loss_bt, &weights_bt).unwrap();
        extra = extra.with("is_weight", reported);
    }
    if case.family == "loss.grpo.opsm" {
        let keep = off_policy_rows(
            &case.column("adv_seq"),
            &case.grid("sampler_logp"),
            &case.grid("new_logp"),
            mask.host(),
            case.number("threshold"),
        );
        let keep = keep.unwrap();
        let weights_bt = Grid::from_fn(mask.host().shape(), |row, _| f64::from(u8::from(keep[row])));
        loss_bt = surrogate::weigh(loss_bt, &weights_bt).unwrap();
    }
    if case.family == "loss.grpo.top_entropy" {
        let kept_bt =
            top_entropy(&case.grid("entropy"), mask.host(), case.fraction("top_entropy_quantile")).unwrap();
        loss_bt = surrogate::weigh(loss_bt, &kept_bt).unwrap();
        extra = extra.with_grid("kept", &kept_bt);
    }
    if let Some(beta) = case.params["beta"].as_f64() {
        let corrected =
            case.params["bias_correction"].as_bool().unwrap_or(case.family.contains("bias_corrected"));
        let kl_bt = k3(&case.reference(leaf_bt, mask));
        let kl_bt = if corrected { importance_corrected(kl_bt, batch.ratio()).unwrap() } else { kl_bt };
        loss_bt = loss_bt + kl_bt * beta;
    }
    let mut loss = match case.family {
        "loss.dapo.window" => aggregate(loss_bt, mask, window(case, mask.host())).unwrap(),
        _ => case.reduce(loss_bt, mask),
    };
    if case.family == "loss.grpo.entropy_bonus" {
        let rule = Denominator::new(rl_algos::Aggregation::TokenMean, mask.host().totals());
        loss =
            loss + entropy_bonus(case.tensor("entropy"), case.positive("entropy_coef"), mask, rule).unwrap();
    }
    let metrics = surrogate::clip_metrics(batch, case.band()).unwrap();
    let extra = extra.with("clip_low", vec![metrics.low]).with("clip_high", vec![metrics.high]);
    let extra = extra.with("clip_region", vec![metrics.region]).with("ppo_kl", vec![metrics.kl]);
    Outcome::of_loss(loss, &[("grad", leaf_bt)]).and(extra)
}

fn window(case: &Case<'_>, mask: &Mask) -> Denominator {
    let items = tokens_times(case.text("num_items"), mask);
    Denominator::generation_window(
        items,
        case.positive("gradient_accumulation"),
        case.positive("steps_per_generation"),
    )
}

/// "5 * number of valid tokens …".
fn tokens_times(text: &str, mask: &Mask) -> Positive {
    let factor: f64 = text.split(' ').next().unwrap().parse().expect("a factor");
    Positive::new(factor * mask.totals().tokens.max(1) as f64).unwrap()
}

fn dual_clip(case: &Case<'_>) -> Outcome {
    let mut mask = case.mask();
    let mut extra = Outcome::default();
    if case.family.starts_with("loss.ppo_dual.rs") {
        mask = corrections::rejected(case, &mask);
        let kept = (0..mask.shape()[0]).flat_map(|row| mask.row(row).to_vec());
        extra = extra.with("kept_mask", kept.map(|kept| f64::from(u8::from(kept))).collect());
    }
    let ready = ready(case, mask);
    let batch = ready.batch.clamp_log_ratio(20.0);
    let mut loss_bt = surrogate::dual_clip(&batch, case.band(), case.positive("dual_clip"));
    if case.family.starts_with("loss.ppo_dual.rc") {
        let weights_bt = corrections::verl(case, ready.mask.host());
        loss_bt = surrogate::weigh(loss_bt, &weights_bt).unwrap();
        extra = extra.with_grid("is_weight", &weights_bt);
    }
    let clipped = surrogate::clipped_share(&batch, case.band()).unwrap();
    let lower = surrogate::dual_clipped_share(&batch, case.band(), case.positive("dual_clip")).unwrap();
    let kl = surrogate::clip_metrics(&batch, case.band()).unwrap().kl;
    let extra = extra.with("pg_clipfrac", vec![clipped]).with("pg_clipfrac_lower", vec![lower]);
    let extra = extra.with("ppo_kl", vec![kl]);
    if case.family == "loss.ppo_dual.global_norm" {
        let tokens = tokens_times(case.text("global_tokens"), ready.mask.host());
        let rule = Denominator::tokens(tokens).under_rank_average(case.positive("dp_size"));
        let loss = aggregate(loss_bt, &ready.mask, rule).unwrap();
        return Outcome::of_loss(loss, &[("grad", &ready.leaf_bt)]).and(extra);
    }
    finish(case, &ready, loss_bt).and(extra)
}

fn openrlhf(case: &Case<'_>) -> Outcome {
    let ready = ready(case, case.mask());
    let loss_bt = surrogate::ppo_clip(&ready.batch.clamp_log_ratio(20.0), case.band());
    if case.params["is_level"].is_null() {
        return finish(case, &ready, loss_bt);
    }
    let weights_bt = corrections::openrlhf(case, ready.mask.host());
    finish(case, &ready, surrogate::weigh(loss_bt, &weights_bt).unwrap())
}

fn other(case: &Case<'_>) -> Outcome {
    if case.family == "loss.value" {
        return value(case);
    }
    let mask = case.mask();
    let ready = match case.family {
        "loss.is_tinker" | "loss.dppo_tv.prime" => ready_against(case, "sampler_logp", mask),
        "loss.r1v" => ready_against(case, "new_logp", mask),
        _ => ready(case, mask),
    };
    if let Some(loss_b) = row_loss(case, &ready.batch) {
        let rows = ready.mask.host().totals().rows;
        return Outcome::of_loss(mean_over_rows(loss_b, rows), &[("grad", &ready.leaf_bt)]);
    }
    if case.family == "loss.maye" {
        let policy = case.reduce(surrogate::ppo_clip(&ready.batch, case.band()), &ready.mask);
        let kl =
            case.reduce(k3(&case.reference(&ready.leaf_bt, &ready.mask)), &ready.mask).clamp(-10.0, 10.0);
        return Outcome::of_loss(policy + kl * case.number("beta"), &[("grad", &ready.leaf_bt)]);
    }
    let loss_bt = token_loss(case, &ready);
    finish(case, &ready, loss_bt)
}

fn row_loss(case: &Case<'_>, batch: &PolicyBatch) -> Option<Tensor<1>> {
    match case.family {
        "loss.rloo" => Some(surrogate::sequence_clip(batch, case.band())),
        "loss.gmpo.trl" => Some(surrogate::gmpo(batch, case.band(), EmptyRow::Constant)),
        "loss.gmpo.verl" => Some(surrogate::gmpo(batch, case.band(), EmptyRow::Zero)),
        _ => None,
    }
}

fn token_loss(case: &Case<'_>, ready: &Ready) -> Tensor<2> {
    let Ready { mask, leaf_bt, batch } = ready;
    let guarded = batch.clamp_log_ratio(20.0);
    match case.family {
        "loss.gspo" | "loss.gspo.wide" | "loss.gspo.dapo_agg" | "loss.gspo.openrlhf" | "loss.luspo" => {
            surrogate::gspo(batch, case.band())
        }
        "loss.gspo.verl" | "loss.gspo.verl_token_adv" => surrogate::gspo_token(batch, case.band()),
        "loss.cispo" => surrogate::cispo(batch, case.positive("cap")),
        "loss.cispo.verl" => surrogate::cispo_banded(&guarded, case.band()),
        "loss.sapo" => surrogate::sapo(batch, temperatures(case)),
        "loss.sapo.verl" => surrogate::sapo(&guarded, temperatures(case)),
        "loss.vespo" => surrogate::vespo(batch, vespo_shapes(case), None).unwrap(),
        "loss.vespo.is" => {
            let (weights_bt, _) = corrections::trl(case, mask.host());
            let log = |w: &f64| w.ln().clamp(1e-8_f64.ln(), 20.0);
            let kept =
                |row: usize| mask.host().row(row).iter().zip(weights_bt.row(row)).filter(|(kept, _)| **kept);
            let rows = 0..mask.host().shape()[0];
            let log_weight_b = rows.map(|row| kept(row).map(|(_, w)| log(w)).sum()).collect::<Vec<f64>>();
            surrogate::vespo(batch, vespo_shapes(case), Some(&log_weight_b)).unwrap()
        }
        "loss.dppo_tv.verl" => surrogate::dppo_tv(batch, limits(case), case.positive("ratio_cap")),
        "loss.dppo_kl.verl" => surrogate::dppo_kl(batch, limits(case), case.positive("ratio_cap")),
        "loss.dppo_tv.prime" => surrogate::dppo_quadratic(batch, limits(case), case.positive("quad")),
        "loss.reinforce" => surrogate::reinforce(batch),
        "loss.is_tinker" => surrogate::importance_weighted(batch),
        "loss.dro" => surrogate::dro(batch, case.positive("beta")),
        "loss.clip_cov.all" => {
            let (above, below) = (case.number("cov_low"), case.number("cov_high"));
            let config = ClipCov { band: case.band(), above, below, share: case.fraction("ratio"), seed: 1 };
            surrogate::clip_cov(batch, config).unwrap()
        }
        "loss.kl_cov" => {
            let config = KlCov { share: case.fraction("ratio"), coefficient: case.positive("coef") };
            surrogate::kl_cov(batch, config).unwrap()
        }
        "loss.r1v" => {
            surrogate::importance_weighted(batch) + k3(&case.reference(leaf_bt, mask)) * case.number("beta")
        }
        "loss.decoupled_ppo" => {
            let bounds = rl_algos::correction::WeightBounds::new(None, Some(case.number("is_max"))).unwrap();
            let correction = rl_algos::correction::Correction {
                level: rl_algos::correction::Level::Token,
                outside: rl_algos::correction::Outside::Truncate,
                bounds,
            };
            let weights_bt = correction.weights(&corrections::gap(case, mask.host()));
            surrogate::weigh(surrogate::ppo_clip(batch, case.band()), &weights_bt).unwrap()
        }
        other => panic!("family {other} is unknown"),
    }
}

fn temperatures(case: &Case<'_>) -> SapoTemperatures {
    SapoTemperatures { positive: case.positive("tau_pos"), negative: case.positive("tau_neg") }
}

fn vespo_shapes(case: &Case<'_>) -> Vespo {
    let shape = |k, lambda| VespoShape { k: case.positive(k), lambda: case.positive(lambda) };
    Vespo { positive: shape("k_pos", "lambda_pos"), negative: shape("k_neg", "lambda_neg") }
}

fn limits(case: &Case<'_>) -> DivergenceLimits {
    DivergenceLimits { low: case.positive("d_low"), high: case.positive("d_high") }
}

fn value(case: &Case<'_>) -> Outcome {
    let mask = case.mask().to_device(&case.device());
    let leaf_bt = case.tensor("new_values").require_grad();
    let batch = surrogate::ValueBatch {
        values_bt: leaf_bt.clone(),
        old_values_bt: case.tensor("values"),
        returns_bt: case.tensor("returns"),
    };
    let loss_bt = surrogate::clipped_value(batch, case.positive("clip"), &mask).unwrap();
    Outcome::of_loss(case.reduce(loss_bt, &mask), &[("grad_new_values", &leaf_bt)])
}
