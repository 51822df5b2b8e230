//! Preference and supervised losses.

use burn::tensor::Tensor;
use rl_algos::preference::{self, *};
use rl_algos::supervised::{dft, nll};
use rl_algos::{Aggregation, Denominator, DeviceMask, Fraction, Positive, aggregate, mean_over_rows};

use crate::case::{Case, Outcome};

struct Side {
    mask: DeviceMask,
    leaf_pt: Tensor<2>,
    policy: SequenceScores,
    reference: SequenceScores,
}

fn side(case: &Case<'_>, name: &str, limits: &[usize]) -> Side {
    let mask = case.mask_named(&format!("{name}_mask")).to_device(&case.device());
    let leaf_pt = case.tensor(&format!("{name}_logp")).require_grad();
    let reference_pt = case.tensor(&format!("{name}_ref_logp"));
    let score = |logp_pt| match case.params["ld_alpha"].as_f64() {
        Some(_) => SequenceScores::length_desensitised(logp_pt, &mask, limits, case.fraction("ld_alpha")),
        None => SequenceScores::new(logp_pt, &mask),
    };
    let (policy, reference) = (score(leaf_pt.clone()).unwrap(), score(reference_pt).unwrap());
    Side { mask, leaf_pt, policy, reference }
}

pub fn compute(case: &Case<'_>) -> Outcome {
    match case.family {
        "pref.kto" | "pref.apo_zero_unpaired" => judged(case),
        family if family.starts_with("sft.") => supervised(case),
        _ => paired(case),
    }
}

fn paired(case: &Case<'_>) -> Outcome {
    let counts = |name| case.mask_named(name).counts().to_vec();
    let limits: Vec<usize> =
        counts("chosen_mask").into_iter().zip(counts("rejected_mask")).map(|(c, r)| c.min(r)).collect();
    let (chosen, rejected) = (side(case, "chosen", &limits), side(case, "rejected", &limits));
    let policy = PairScores::new(chosen.policy.clone(), rejected.policy.clone()).unwrap();
    let reference = PairScores::new(chosen.reference.clone(), rejected.reference.clone()).unwrap();
    let batch = PreferenceBatch::new(policy, reference).unwrap();
    let loss = match case.family {
        "pref.sft" => chosen_nll(&chosen),
        "pref.orpo" => chosen_nll(&chosen) + mean(preference::odds_ratio(batch.policy(), beta(case))),
        "pref.mpo" => mpo(case, &batch, &chosen),
        family => mean(pair_loss(case, family, &batch)),
    };
    Outcome::of_loss(loss, &[("grad_chosen", &chosen.leaf_pt), ("grad_rejected", &rejected.leaf_pt)])
}

fn mean(loss_p: Tensor<1>) -> Tensor<1> {
    let rows = loss_p.dims()[0];
    mean_over_rows(loss_p, rows)
}

fn chosen_nll(chosen: &Side) -> Tensor<1> {
    let rule = Denominator::new(Aggregation::TokenMean, chosen.mask.host().totals());
    aggregate(nll(chosen.leaf_pt.clone(), &chosen.mask).unwrap(), &chosen.mask, rule).unwrap()
}

fn mpo(case: &Case<'_>, batch: &PreferenceBatch, chosen: &Side) -> Tensor<1> {
    let types = case.params["types"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    let weights = crate::case::flatten(&case.params["weights"]);
    let terms = types.zip(weights).map(|(name, weight)| match name {
        "sft" => chosen_nll(chosen) * weight,
        name => mean(pair_loss(case, &format!("pref.{name}"), batch)) * weight,
    });
    terms.reduce(|sum, term| sum + term).expect("at least one term")
}

fn beta(case: &Case<'_>) -> Positive {
    case.positive("beta")
}

fn smoothing(case: &Case<'_>) -> Fraction {
    Fraction::new(case.number_or("label_smoothing", 0.0)).unwrap()
}

fn pair_loss(case: &Case<'_>, family: &str, batch: &PreferenceBatch) -> Tensor<1> {
    let half_open = || Smoothing::new(case.number("label_smoothing")).unwrap();
    let simpo_config =
        || Simpo { beta: beta(case), margin: case.number_or("simpo_gamma", 0.0), smoothing: smoothing(case) };
    match family {
        "pref.sigmoid" | "pref.cdpo" | "pref.sigmoid.ld" => {
            preference::sigmoid(batch, beta(case), smoothing(case))
        }
        "pref.sigmoid_norm" => preference::sigmoid_norm(batch, beta(case)),
        "pref.sigmoid.forward_kl" | "pref.sigmoid.js_divergence" | "pref.sigmoid.alpha_divergence" => {
            preference::sigmoid_divergence(batch, beta(case), divergence(case))
        }
        "pref.hinge" => preference::hinge(batch, beta(case)),
        "pref.ipo" => preference::ipo(batch, beta(case)),
        "pref.ipo_sum" => preference::ipo_sum(batch, beta(case)),
        "pref.nca_pair" => preference::nca_pair(batch, beta(case)),
        "pref.bco_pair" => preference::bco_pair(batch, beta(case)),
        "pref.sppo_hard" => preference::sppo_hard(batch, beta(case)),
        "pref.apo_zero" => preference::apo_zero(batch, beta(case)),
        "pref.apo_down" => preference::apo_down(batch, beta(case)),
        "pref.discopop" => preference::discopop(batch, beta(case), case.positive("tau")),
        "pref.robust" => preference::robust(batch, beta(case), half_open()),
        "pref.exo_pair" => preference::exo_pair(batch, beta(case), half_open()),
        "pref.aot" => preference::aot(batch, beta(case), smoothing(case)),
        "pref.aot_unpaired" => preference::aot_unpaired(batch, beta(case), smoothing(case)),
        "pref.cpo.sigmoid" => preference::cpo_sigmoid(batch.policy(), beta(case), smoothing(case)),
        "pref.cpo.hinge" => preference::cpo_hinge(batch.policy(), beta(case)),
        "pref.cpo.ipo" => preference::cpo_ipo(batch.policy(), beta(case)),
        "pref.cpo.simpo" => preference::simpo(batch.policy(), simpo_config()),
        "pref.cpo.alphapo" => preference::alphapo(
            batch.policy(),
            Alphapo { simpo: simpo_config(), alpha: case.positive("alpha") },
        ),
        other => panic!("family {other} is unknown"),
    }
}

fn divergence(case: &Case<'_>) -> Divergence {
    match case.text("f_divergence") {
        "reverse_kl" => Divergence::ReverseKl,
        "forward_kl" => Divergence::ForwardKl,
        "js_divergence" => Divergence::JensenShannon,
        "alpha_divergence" => Divergence::Alpha(case.fraction("alpha")),
        other => panic!("divergence {other} is unknown"),
    }
}

fn judged(case: &Case<'_>) -> Outcome {
    let side = side(case, "kto", &[]);
    let verdict = |label: &f64| if *label != 0.0 { Verdict::Desirable } else { Verdict::Undesirable };
    let verdicts = case.column("kto_label").iter().map(verdict).collect();
    let batch = JudgedBatch::new(side.policy, side.reference, verdicts).unwrap();
    let weights = KtoWeights {
        desirable: case.positive("desirable_weight"),
        undesirable: case.positive("undesirable_weight"),
    };
    let loss_p = match case.family {
        "pref.kto" => {
            let [policy_p, reference_p] = ["kto_kl_logp", "kto_kl_ref_logp"].map(|name| {
                let cells = case.column(name);
                let shape = [cells.len(), 1];
                rl_algos::Grid::from_cells(cells, shape)
                    .unwrap()
                    .to_tensor(&case.device(), case.dtype)
                    .squeeze_dim(1)
            });
            kto(&batch, beta(case), weights, kl_baseline(policy_p, reference_p).unwrap()).unwrap()
        }
        _ => apo_zero_unpaired(&batch, beta(case), weights).unwrap(),
    };
    Outcome::of_loss(mean(loss_p), &[("grad", &side.leaf_pt)])
}

fn supervised(case: &Case<'_>) -> Outcome {
    let input = case.text("input");
    let mask = case.mask_named(&input.replace("_logp", "_mask")).to_device(&case.device());
    let leaf_bt = case.tensor(input).require_grad();
    let loss_bt = match case.family {
        "sft.dft" => dft(leaf_bt.clone(), &mask),
        "sft.nll" | "sft.nll_window" => nll(leaf_bt.clone(), &mask),
        other => panic!("family {other} is unknown"),
    };
    let rule = match case.params["num_items"].as_f64() {
        Some(_) => Denominator::tokens(case.positive("num_items")),
        None => case.denominator(mask.host()),
    };
    Outcome::of_loss(aggregate(loss_bt.unwrap(), &mask, rule).unwrap(), &[("grad", &leaf_bt)])
}
