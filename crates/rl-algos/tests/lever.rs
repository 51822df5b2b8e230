//! The worked examples of the pointer selector's training: ranking losses, RCE, and its GRPO.
#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use burn::tensor::{DType, Device, Tensor};
use rl_algos::advantage::{FlooredScale, floored_grpo};
use rl_algos::kl::{BandedKl, k3};
use rl_algos::ranking::{
    LinearTemperature, RewardScale, listwise, pairwise, rce_weights, weighted_cross_entropy,
};
use rl_algos::surrogate::ppo_clip;
use rl_algos::{
    Advantages, Aggregation, ClipBand, Denominator, Grid, Groups, Mask, PolicyBatch, Positive, Rewards,
    aggregate,
};

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-5, "{found}, expected {expected}");
}

fn logits<const S: usize, const K: usize>(values: [[f32; K]; S]) -> Tensor<2> {
    Tensor::from_data(values, &Device::flex())
}

fn positive(value: f64) -> Positive {
    Positive::new(value).unwrap()
}

#[test]
fn half_listwise_and_half_cross_entropy_is_the_selector_loss() {
    let rank = listwise(
        logits([[2.0, 1.0, 0.0, -1.0], [0.0, -100.0, 1.0, 0.5]]),
        &[0.25, 0.2, 0.15, 0.0],
        positive(0.1),
    );
    let rank = rank.unwrap().into_scalar::<f64>();
    near(rank, 0.197_669);
    near(0.5 * 0.560_230 + 0.5 * rank, 0.378_949);
}

#[test]
fn satisfied_pairs_cost_nothing_and_missed_margins_cost_their_size() {
    let scores = [Some(0.25), Some(0.2), Some(0.15), None];
    near(
        pairwise(logits([[2.0, 1.0, 0.0, -1.0], [1.0, 0.0, 1.0, 0.5]]), &scores).unwrap().into_scalar(),
        0.0,
    );
    near(pairwise(logits([[0.0, 0.5, 0.5, 0.0]]), &scores).unwrap().into_scalar(), 1.5);
    near(
        pairwise(logits([[0.0, 0.5, 0.5, 0.0]]), &[Some(0.1), None, None, None]).unwrap().into_scalar(),
        0.0,
    );
}

#[test]
fn weights_sharpen_as_the_temperature_falls() {
    for (temperature, expected, loss) in [
        (2.0, [0.481_024, 0.291_756, 0.227_220], 1.746_195),
        (0.5, [0.843_795, 0.114_195, 0.042_010], 1.198_215),
    ] {
        let weights = rce_weights(&[1.5, 0.5, 0.0], RewardScale::None, positive(temperature)).unwrap();
        weights.iter().zip(expected).for_each(|(found, expected)| near(*found, expected));
        let entropies = Tensor::from_data([1.0_f32, 2.0, 3.0], &Device::flex());
        near(weighted_cross_entropy(entropies, &weights).unwrap().into_scalar(), loss);
    }
    let schedule = LinearTemperature { start: positive(2.0), end: positive(0.5) };
    near(schedule.at(50, 101).get(), 1.25);
    near(schedule.at(0, 1).get(), 2.0);
}

#[test]
fn reward_scales_handle_ties_and_equal_rewards() {
    let weights = |scale| rce_weights(&[1.0, 0.0, 1.0, 0.5], scale, Positive::ONE).unwrap();
    let ranked = weights(RewardScale::Rank);
    near((ranked[0] / ranked[1]).ln(), 2.0 * 2.5 / 3.0);
    near(ranked[0], ranked[2]);
    for scale in [RewardScale::ZScore, RewardScale::ZScoreClamped, RewardScale::Rank, RewardScale::None] {
        let equal = rce_weights(&[0.3; 4], scale, Positive::ONE).unwrap();
        equal.iter().for_each(|weight| near(*weight, 0.25));
    }
}

#[test]
fn the_policy_stage_reproduces_its_worked_step() {
    let device = Device::flex();
    let rewards = Rewards::from_scores(&[1.5, 0.5, 0.0]).unwrap();
    let advantage_b =
        floored_grpo(&rewards, &Groups::from_sizes(&[3]).unwrap(), FlooredScale::LEVER).unwrap();
    advantage_b.iter().zip([1.091_089, -0.218_218, -0.872_872]).for_each(|(a, b)| near(*a, b));

    let tensor =
        |values: [f64; 3]| Grid::from_cells(values.to_vec(), [3, 1]).unwrap().to_tensor(&device, DType::F32);
    let (new_bt, old_bt) = (tensor([-2.0, -3.0, -4.0]), tensor([-2.3, -3.0, -3.5]));
    let mask = Mask::from_lengths(&[1, 1, 1], 1).unwrap().to_device(&device);
    let batch = PolicyBatch::new(new_bt, old_bt, &Advantages::Rows(advantage_b), &mask).unwrap();
    let rule = Denominator::new(Aggregation::TokenMean, mask.host().totals());
    let policy = aggregate(ppo_clip(&batch.clamp_log_ratio(5.0), ClipBand::PPO), &mask, rule).unwrap();
    let policy = policy.into_scalar::<f64>();
    // ρ − 1 − ln ρ is k3 seen from the old policy.
    let kl = aggregate(k3(&batch.log_ratio().reversed()), &mask, rule).unwrap().into_scalar::<f64>();
    near(policy, -0.130_931);
    near(kl, 0.052_130);
    near(policy + 0.1 * kl, -0.125_718);
    near(BandedKl::LEVER.next(0.1, kl).unwrap(), 0.1);
}

#[test]
fn the_thermostat_stays_within_its_bounds() {
    let repeat = |kl: f64| (0..40).fold(0.1, |beta, _| BandedKl::LEVER.next(beta, kl).unwrap());
    assert_eq!((repeat(1.0), repeat(0.0)), (10.0, 0.001));
    assert!(BandedKl::LEVER.next(0.1, f64::NAN).is_err());
}
