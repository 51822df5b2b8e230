//! Scores become rewards of tokens, returns and whitened advantages.

use crate::{all_near, near};
use rl_algos::advantage::{Holes, ReinforcePp, discounted_returns, terminal_rewards};
use rl_algos::{Fraction, Grid, Mask};

/// Three responses of 2, 3 and 4 tokens.
fn mask() -> Mask {
    Mask::from_lengths(&[2, 3, 4], 4).unwrap()
}

const SCORES: [f64; 3] = [1.0, 0.0, -0.1];

#[test]
fn a_score_rewards_the_last_token_of_its_response() {
    let rewards = terminal_rewards(&SCORES, &mask()).unwrap();
    let rows: Vec<&[f64]> = rewards.rows().collect();
    assert_eq!(rows, [[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, -0.1]]);
}

#[test]
fn returns_of_the_batch_have_the_worked_mean_and_variance() {
    let (mask, output) = (mask(), ReinforcePp::MAYE.advantages(&SCORES, None, &mask()).unwrap());
    let returns: Vec<f64> = mask.all_kept(&output.returns_bt).collect();
    assert_eq!(returns.len(), 9);
    near(eval::stats::mean(&returns).unwrap(), 0.177_778);
    near(eval::stats::sample_std(&returns).unwrap().powi(2), 0.219_444);
}

/// The advantage of each response, which all of its tokens share; nothing stands beyond its end.
fn advantages(rule: ReinforcePp) -> ([f64; 3], f64) {
    let mask = mask();
    let advantages = rule.advantages(&SCORES, None, &mask).unwrap().advantage_bt;
    let of = |row: usize| {
        let (tokens, padding) = advantages.row(row).split_at(mask.counts()[row]);
        assert!(tokens.iter().all(|advantage| advantage == &tokens[0]), "row {row}: {tokens:?}");
        assert!(padding.iter().all(|advantage| *advantage == 0.0), "row {row}: {padding:?}");
        tokens[0]
    };
    ([0, 1, 2].map(of), mask.all_kept(&advantages).sum())
}

#[test]
fn whitened_returns_have_mean_zero_and_the_worked_values() {
    let (found, sum) = advantages(ReinforcePp::MAYE);
    all_near(&found, &[1.755_201, -0.379_503, -0.592_973]);
    assert!(sum.abs() < 1e-4, "found a sum of {sum}");
}

#[test]
fn as_published_the_mean_is_added_back() {
    let (found, _) = advantages(ReinforcePp::MAYE_PUBLISHED);
    all_near(&found, &[1.932_979, -0.201_725, -0.415_196]);
}

#[test]
fn rewards_reach_back_through_a_response_by_the_discount() {
    let mask = Mask::from_lengths(&[4], 4).unwrap();
    let rewards = Grid::from_rows(vec![vec![0.0, -0.01, -0.02, 0.995]]).unwrap();
    for (gamma, expected) in
        [(1.0, [0.965, 0.965, 0.975, 0.995]), (0.9, [0.700_155, 0.777_95, 0.8755, 0.995])]
    {
        let gamma = Fraction::new(gamma).unwrap();
        let returns = discounted_returns(&rewards, &mask, gamma, Holes::Decay).unwrap();
        all_near(returns.cells(), &expected);
    }
}
