//! The whole batch as baseline, for one completion per prompt.

use super::Spread;
use crate::error::AlgoError;
use crate::rewards::Rewards;

/// Rewards minus the mean of the batch.
///
/// Aᵢ = rᵢ − (1/B) Σⱼ rⱼ
///
/// OpenRLHF's single-rollout regime; a classical REINFORCE baseline (Williams, 1992).
///
/// By hand: rewards 1, 0 → ±1/2.
///
/// ```
/// use rl_algos::{Rewards, advantage::batch_mean};
/// assert_eq!(batch_mean(&Rewards::from_scores(&[1.0, 0.0])?)?, [0.5, -0.5]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn batch_mean(rewards: &Rewards) -> Result<Vec<f64>, AlgoError> {
    if rewards.is_empty() {
        return Err(AlgoError::Empty { what: "rewards" });
    }
    let batch = Spread::of(rewards.iter().flatten());
    Ok(rewards.iter().map(|reward| reward.map_or(0.0, |r| batch.centre(r))).collect())
}
