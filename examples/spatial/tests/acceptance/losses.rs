//! Advantages, clipped ratios, averages, and the losses of pairs.

use burn::tensor::{Device, Tensor};
use rl_algos::advantage::{Advantages, Grpo};
use rl_algos::preference::{self, PairScores, PreferenceBatch, SequenceScores};
use rl_algos::surrogate::ppo_clip;
use rl_algos::{
    Aggregation, AlgoError, ClipBand, Denominator, Fraction, Groups, Mask, PolicyBatch, Positive, Rewards,
    aggregate,
};

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 2e-6, "found {found}, expected {expected}");
}

#[test]
fn advantages_are_rewards_in_units_of_their_spread() {
    let of = |rewards: &[f64]| {
        let groups = Groups::from_sizes(&[rewards.len()]).unwrap();
        Grpo::TRL.advantages(&Rewards::from_scores(rewards).unwrap(), &groups).unwrap()
    };
    for (found, expected) in
        of(&[1.0, 0.5, 0.2, -0.5]).into_iter().zip([1.115_959, 0.318_846, -0.159_423, -1.275_382])
    {
        near(found, expected);
    }
    assert_eq!(of(&[1.0; 4]), [0.0; 4]);
}

/// A batch of rows with log-ratios that are the same for all tokens.
fn policy(ratios: &[f64], advantages: &[f64], lengths: &[usize]) -> (PolicyBatch, Mask) {
    let device = Device::flex();
    let mask = Mask::from_lengths(lengths, lengths.iter().copied().max().unwrap()).unwrap();
    let [rows, tokens] = mask.shape();
    let logp: Vec<f64> = ratios.iter().flat_map(|ratio| vec![ratio.ln(); tokens]).collect();
    let logp: Tensor<2> = Tensor::<1>::from_data(logp.as_slice(), &device).reshape([rows, tokens]);
    let old = logp.zeros_like();
    let advantages = Advantages::Rows(advantages.to_vec());
    (PolicyBatch::new(logp, old, &advantages, &mask.to_device(&device)).unwrap(), mask)
}

#[test]
fn ratios_beyond_the_band_are_clipped_where_that_makes_the_loss_larger() {
    for (ratio, advantage, expected) in
        [(1.3, 0.5, 0.6), (0.7, -0.5, -0.4), (1.3, -0.5, -0.65), (0.7, 0.5, 0.35)]
    {
        let (batch, _) = policy(&[ratio], &[advantage], &[1]);
        near(-ppo_clip(&batch, ClipBand::PPO).into_scalar::<f64>(), expected);
    }
}

#[test]
fn the_average_decides_what_long_completions_count() {
    let (batch, mask) = policy(&[1.0, 1.0], &[0.5, -0.5], &[2, 4]);
    let loss = |average| {
        let rule = Denominator::new(average, mask.totals());
        let loss = ppo_clip(&batch, ClipBand::PPO);
        aggregate(loss, &mask.to_device(&Device::flex()), rule).unwrap().into_scalar::<f64>()
    };
    near(loss(Aggregation::TokenMean), 0.166_667);
    near(loss(Aggregation::SequenceMeanTokenMeanAll), 0.0);
    near(loss(Aggregation::Constant(Positive::new(256.0).unwrap())), 0.001_953);
}

/// Both answers of a pair, each spread over its tokens.
fn pair([chosen, rejected]: [f64; 2], lengths: [usize; 2]) -> Result<PairScores, AlgoError> {
    let device = Device::flex();
    let side = |sum: f64, length: usize| {
        let mask = Mask::from_lengths(&[length], length)?.to_device(&device);
        let tokens = vec![sum / length as f64; length];
        SequenceScores::new(Tensor::<1>::from_data(tokens.as_slice(), &device).reshape([1, length]), &mask)
    };
    PairScores::new(side(chosen, lengths[0])?, side(rejected, lengths[1])?)
}

#[test]
fn losses_of_a_pair_are_those_of_the_worked_example() {
    let lengths = [5, 4];
    let policy = pair([-10.0, -14.0], lengths).unwrap();
    let reference = pair([-11.0, -12.0], lengths).unwrap();
    let batch = PreferenceBatch::new(policy.clone(), reference).unwrap();
    let beta = Positive::new(0.1).unwrap();
    let smoothed =
        |share| preference::sigmoid(&batch, beta, Fraction::new(share).unwrap()).into_scalar::<f64>();
    near(smoothed(0.0), 0.554_355);
    near(smoothed(0.1), 0.584_355);
    near(preference::hinge(&batch, beta).into_scalar(), 0.7);
    near(preference::ipo(&batch, beta).into_scalar::<f64>() / 18.49, 1.0);
    let kto: Vec<f32> = preference::kto_pair(&batch, beta).into_data_as::<f32>().try_to_vec().unwrap();
    near(f64::from(kto[0]), 0.475_021);
    near(f64::from(kto[1]), 0.425_557);
    near(f64::from(kto[0] + kto[1]) / 2.0, 0.450_289);
    let same = PreferenceBatch::new(policy.clone(), policy).unwrap();
    near(preference::sigmoid(&same, beta, Fraction::ZERO).into_scalar(), std::f64::consts::LN_2);
}
