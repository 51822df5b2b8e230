//! ReMax: the greedy completion as baseline.

use crate::error::{AlgoError, all_finite, same_length};
use crate::rewards::Rewards;

/// Reward minus the reward of the greedy completion of the same prompt.
///
/// Aᵢ = rᵢ − b, the same for every token of the row (undiscounted)
///
/// | symbol | meaning |
/// |---|---|
/// | b | reward of the greedy completion of the prompt of row i: one extra rollout per prompt |
///
/// Li et al., "ReMax", arXiv 2310.10505.
///
/// By hand: reward 1 where greedy decoding earned 0.25 → 0.75.
///
/// ```
/// use rl_algos::{Rewards, advantage::remax};
/// assert_eq!(remax(&Rewards::from_scores(&[1.0])?, &[0.25])?, [0.75]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn remax(rewards: &Rewards, greedy_b: &[f64]) -> Result<Vec<f64>, AlgoError> {
    same_length("rewards of the greedy completions", greedy_b.len(), rewards.len())?;
    all_finite("rewards of the greedy completions", greedy_b)?;
    Ok(rewards.iter().zip(greedy_b).map(|(reward, greedy)| reward.map_or(0.0, |r| r - greedy)).collect())
}
