//! Advantages and the small host functions beside them.

use rl_algos::advantage::{
    Gae, Grpo, Holes, Lonely, Normalise, ReinforcePp, Scale, Whitening, batch_mean, gdpo, gdpo_tokens, gpg,
    maxrl, opo, pass_at_k, reinforce_pp_baseline, reinforce_pp_baseline_rows, remax, rloo, standardise_batch,
};
use rl_algos::kl::{Estimator, ProportionalKl, mean_row_kl, penalised_rewards, token_penalty};
use rl_algos::shaping::{Overlong, informative_groups};
use rl_algos::{Advantages, Grid, Rewards};

use crate::case::{Case, Outcome};

pub fn compute(case: &Case<'_>) -> Outcome {
    let outcome = rows(case).map(|advantage_b| Outcome::default().with("advantage", advantage_b));
    outcome.or_else(|| tokens(case)).unwrap_or_else(|| util(case))
}

fn rows(case: &Case<'_>) -> Option<Vec<f64>> {
    let (rewards, groups) = (case.rewards(), case.groups());
    let grpo = |scale, lonely| Grpo { scale, lonely }.advantages(&rewards, &groups);
    let advantage_b = match case.family {
        "adv.grpo.trl" => grpo(Scale::Group(case.positive("eps")), Lonely::Zero),
        "adv.grpo.verl" => grpo(Scale::Group(case.positive("eps")), Lonely::KeepReward),
        "adv.grpo.openrlhf" => grpo(Scale::Group(case.positive("eps")), Lonely::Zero),
        "adv.grpo_batch_std.trl" => grpo(Scale::Batch(case.positive("eps")), Lonely::Zero),
        "adv.dr_grpo.trl" => grpo(Scale::None, Lonely::Zero),
        "adv.dr_grpo.verl" => grpo(Scale::None, Lonely::KeepReward),
        "adv.grpo_multi.trl" => {
            let rewards = Rewards::weighted_sum(&components(case), &case_weights(case)).unwrap();
            Grpo { scale: Scale::Group(case.positive("eps")), lonely: Lonely::Zero }
                .advantages(&rewards, &groups)
        }
        "adv.gdpo.trl" => gdpo(&components(case), &case_weights(case), &groups, case.positive("eps")),
        "adv.rloo.trl" => rloo(&rewards, &groups, Lonely::Zero),
        "adv.rloo.verl" => rloo(&rewards, &groups, Lonely::KeepReward),
        "adv.rloo_norm.trl" => rloo(&rewards, &groups, Lonely::Zero)
            .and_then(|advantage_b| standardise_batch(&advantage_b, case.positive("eps"))),
        "adv.rloo_kl.trl" => {
            let penalty_bt = penalty(case, case.number("beta"), |d| Estimator::K1.of(d));
            penalised_rewards(&rewards, &penalty_bt, &case.mask())
                .and_then(|r| rloo(&r, &groups, Lonely::Zero))
        }
        "adv.opo.verl" => opo(&rewards, &groups, case.mask().counts(), Lonely::KeepReward),
        "adv.passk.verl" => pass_at_k(&rewards, &groups, Normalise::ByGroup(case.positive("eps"))),
        "adv.passk_nostd.verl" => pass_at_k(&rewards, &groups, Normalise::No),
        "adv.gpg.verl" => gpg(&rewards, &groups, Lonely::KeepReward),
        "adv.maxrl" => maxrl(&rewards, &groups),
        "adv.batch_mean.openrlhf" => batch_mean(&rewards),
        "adv.rfpp_baseline.swift" => reinforce_pp_baseline_rows(&rewards, &groups, case.positive("eps")),
        _ => return None,
    };
    Some(advantage_b.unwrap())
}

fn tokens(case: &Case<'_>) -> Option<Outcome> {
    let mask = case.mask();
    let baseline = |lonely, whitening| {
        reinforce_pp_baseline(&case.rewards(), &case.groups(), lonely, whitening, &mask).unwrap()
    };
    let advantage_bt = match case.family {
        "adv.rfpp.verl" | "adv.rfpp_kl.verl" => return Some(rfpp(case, ReinforcePp::VERL, |d| d)),
        "adv.rfpp.openrlhf" => return Some(rfpp(case, ReinforcePp::OPENRLHF, |d| d)),
        "adv.rfpp.maye" => {
            let bounded_k3 = |d| Estimator::K3.of(d).clamp(-10.0, 10.0);
            return Some(rfpp(case, ReinforcePp::MAYE_PUBLISHED, bounded_k3));
        }
        "adv.gae" => {
            let gae = Gae { gamma: case.fraction("gamma"), lambda: case.fraction("lam") };
            let out = gae.advantages(&case.column("rewards"), &case.grid("values"), &mask).unwrap();
            let outcome = Outcome::default().with_grid("raw_advantage", &out.raw_bt);
            return Some(
                outcome.with_grid("advantage", &out.advantage_bt).with_grid("returns", &out.returns_bt),
            );
        }
        "adv.rfpp_baseline.verl" => baseline(Lonely::KeepReward, Whitening::Sample),
        "adv.rfpp_baseline.openrlhf" => baseline(Lonely::Zero, Whitening::Population),
        "adv.remax" => {
            let advantage_b = remax(&case.rewards(), &case.column("greedy_reward")).unwrap();
            Advantages::Rows(advantage_b).per_token(&mask).unwrap()
        }
        "adv.gdpo.verl" => {
            gdpo_tokens(&components(case), &case_weights(case), &case.groups(), case.positive("eps"), &mask)
                .unwrap()
        }
        _ => return None,
    };
    Some(Outcome::default().with_grid("advantage", &advantage_bt))
}

fn rfpp(case: &Case<'_>, form: ReinforcePp, kl: impl Fn(f64) -> f64) -> Outcome {
    let form = form.with_gamma(case.fraction("gamma"));
    assert_eq!(form.holes == Holes::Skip, case.family.ends_with("verl"));
    let penalty_bt = penalty(case, case.number("kl_coef"), kl);
    let out = form.advantages(&case.column("rewards"), Some(&penalty_bt), &case.mask()).unwrap();
    Outcome::default().with_grid("advantage", &out.advantage_bt).with_grid("returns", &out.returns_bt)
}

fn penalty(case: &Case<'_>, coefficient: f64, kl: impl Fn(f64) -> f64) -> Grid<f64> {
    token_penalty(&case.grid("old_logp"), &case.grid("ref_logp"), &case.mask(), |d| coefficient * kl(d))
        .unwrap()
}

fn components(case: &Case<'_>) -> Vec<Vec<Option<f64>>> {
    let grid = case.grid(case.text("input"));
    grid.rows().map(|row| row.iter().map(|r| (!r.is_nan()).then_some(*r)).collect()).collect()
}

fn case_weights(case: &Case<'_>) -> Vec<f64> {
    crate::case::flatten(&case.params["weights"])
}

fn util(case: &Case<'_>) -> Outcome {
    match case.family {
        "util.overlong" => {
            let named = &case.inputs[case.text("max_len")];
            let limit = named.as_f64().unwrap_or_else(|| case.number("max_len")) as usize;
            let overlong =
                Overlong::new(limit, case.number("cache") as usize, case.positive("factor")).unwrap();
            let penalty_b = case.counts("length").into_iter().map(|n| overlong.penalty(n)).collect();
            Outcome::default().with("penalty", penalty_b)
        }
        "util.dynamic_keep" => {
            let (keys, groups) = (case.counts("group"), case.groups());
            let keep = informative_groups(&case.rewards(), &groups).unwrap();
            let mut by_key =
                keep.iter().enumerate().map(|(g, k)| (keys[groups.members(g)[0]], *k)).collect::<Vec<_>>();
            by_key.sort_unstable();
            Outcome::default()
                .with("keep", by_key.iter().map(|(_, keep)| f64::from(u8::from(*keep))).collect())
        }
        "util.adaptive_kl" => {
            let kl = mean_row_kl(&penalty(case, 1.0, |d| d), &case.mask()).unwrap();
            let controller =
                ProportionalKl { target: case.positive("target"), horizon: case.positive("horizon") };
            let beta = controller.next(case.number("init"), kl, case.rewards().len()).unwrap();
            Outcome::default().with("current_kl", vec![kl]).with("beta", vec![beta])
        }
        other => panic!("family {other} is unknown"),
    }
}
