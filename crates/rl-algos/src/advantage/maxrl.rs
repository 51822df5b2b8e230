//! MaxRL: advantages relative to the success rate.

use super::per_group;
use crate::error::AlgoError;
use crate::groups::Groups;
use crate::rewards::Rewards;

/// Centred rewards divided by the group's mean: with 0/1 rewards, rare successes weigh most.
///
/// Aᵢ = (rᵢ − μ_g) / μ_g, and 0 when μ_g = 0
///
/// Tajwar et al., "Maximum Likelihood Reinforcement Learning", arXiv 2602.02710. A mean within rounding noise of 0
/// (|μ_g| ≤ 1e-7·σ_g) counts as 0, so rewards of both signs cannot explode.
///
/// By hand: rewards 1, 0, 0, 0 → μ = 1/4, advantages 3, −1, −1, −1.
///
/// ```
/// use rl_algos::{Groups, Rewards, advantage::maxrl};
/// let rewards = Rewards::from_scores(&[1.0, 0.0, 0.0, 0.0])?;
/// assert_eq!(maxrl(&rewards, &Groups::from_sizes(&[4])?)?, [3.0, -1.0, -1.0, -1.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn maxrl(rewards: &Rewards, groups: &Groups) -> Result<Vec<f64>, AlgoError> {
    per_group(rewards, groups, |reward, group| {
        let negligible = group.mean.abs() <= 1e-7 * group.std;
        if negligible { 0.0 } else { group.centre(reward) / group.mean }
    })
}
