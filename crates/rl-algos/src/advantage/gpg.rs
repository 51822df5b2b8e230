//! Group policy gradient.

use super::{Lonely, per_group};
use crate::error::AlgoError;
use crate::groups::Groups;
use crate::rewards::Rewards;

/// Centred rewards, scaled up by the share of the batch that earned anything.
///
/// Aᵢ = B / max(1, #{j : rⱼ ≠ 0}) · (rᵢ − μ_g)
///
/// Chu et al., "GPG: A Simple and Strong Reinforcement Learning Baseline", arXiv 2504.02546 (verl's `gpg`).
///
/// By hand: rewards 1, 0 → 2/1 · (±1/2) = ±1.
///
/// ```
/// use rl_algos::{Groups, Rewards, advantage::{Lonely, gpg}};
/// let rewards = Rewards::from_scores(&[1.0, 0.0])?;
/// assert_eq!(gpg(&rewards, &Groups::from_sizes(&[2])?, Lonely::Zero)?, [1.0, -1.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn gpg(rewards: &Rewards, groups: &Groups, lonely: Lonely) -> Result<Vec<f64>, AlgoError> {
    let earning = rewards.iter().flatten().filter(|reward| *reward != 0.0).count();
    let scale = rewards.iter().flatten().count() as f64 / earning.max(1) as f64;
    per_group(rewards, groups, |reward, group| match (group.count, lonely) {
        (1, Lonely::KeepReward) => reward * scale,
        _ => group.centre(reward) * scale,
    })
}
