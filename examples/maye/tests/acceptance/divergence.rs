//! How far a token's log-probability is from the reference.

use crate::near;
use burn::tensor::{Device, Tensor};
use rl_algos::kl::{Estimator, Guard};
use rl_algos::{LogRatio, Mask, StopReason};
use trainer::online::{AdvantageRule, Experience, Written};

/// k3 of one token, as a loss computes it.
fn k3(logp: f32, reference: f32) -> f64 {
    let device = Device::flex();
    let mask = Mask::from_lengths(&[1], 1).unwrap().to_device(&device);
    let [logp, reference] = [logp, reference].map(|value| Tensor::<2>::from_data([[value]], &device));
    let distance = LogRatio::new(logp, reference, &mask).unwrap();
    Estimator::K3.estimate(&distance, Guard::Verl).into_scalar::<f64>()
}

#[test]
fn k3_has_the_worked_values() {
    for (logp, reference, expected) in
        [(-1.0, -1.2, 0.018_731), (-2.0, -1.5, 0.148_721), (-0.7, -0.7, 0.0), (-20.0, 0.0, 10.0)]
    {
        near(k3(logp, reference), expected);
    }
}

/// A response of one token.
fn written(reward: f64, logp: f32, reference: f32) -> Experience {
    let row = Written {
        token_ids: vec![5],
        logprobs: vec![logp],
        text: String::new(),
        stop: StopReason::Stop,
        reward: Some(reward),
        components: Vec::new(),
        advantages: Vec::new(),
        reference: Some(vec![reference]),
    };
    Experience { position: 0, completions: vec![row], greedy_reward: None }
}

#[test]
fn the_divergence_in_a_reward_is_at_most_ten() {
    let returns = rl_algos::advantage::ReinforcePp::MAYE;
    let rule = AdvantageRule::ReinforcePp { returns, kl: 1.0 };
    // 10 for the answer less 10 for its distance is what the other earns without either.
    let mut generation = [written(10.0, -20.0, 0.0), written(0.0, -1.0, -1.0)];
    rule.apply(&mut generation, &[1.0]).unwrap();
    for experience in &generation {
        near(experience.completions[0].advantages[0], 0.0);
    }
    let mut generation = [written(1.0, -1.0, -1.2), written(1.0, -2.0, -1.5)];
    rule.apply(&mut generation, &[1.0]).unwrap();
    let [nearer, further] = [0, 1].map(|row| generation[row].completions[0].advantages[0]);
    // Two values are their mean ± d/2, and their standard deviation is d/√2.
    near(nearer, 0.5_f64.sqrt());
    near(further, -0.5_f64.sqrt());
}
