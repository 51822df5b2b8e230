//! REINFORCE leave-one-out.

use super::{Lonely, per_group};
use crate::error::AlgoError;
use crate::groups::Groups;
use crate::rewards::Rewards;

/// Each row against the mean of the other rows of its group.
///
/// Aᵢ = rᵢ − 1/(G−1) Σ_{j≠i} rⱼ = G/(G−1) · (rᵢ − μ_g)
///
/// Ahmadian et al., arXiv 2402.14740. With the KL in the reward, shape the rewards first:
/// [`crate::kl::penalised_rewards`].
///
/// By hand: rewards 1, 0, 0 → the first row 1 − 0, the others 0 − 1/2.
///
/// ```
/// use rl_algos::{Groups, Rewards, advantage::{Lonely, rloo}};
/// let rewards = Rewards::from_scores(&[1.0, 0.0, 0.0])?;
/// let advantage_b = rloo(&rewards, &Groups::from_sizes(&[3])?, Lonely::Zero)?;
/// assert!(advantage_b.iter().zip([1.0, -0.5, -0.5]).all(|(a, b)| (a - b).abs() < 1e-12));
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn rloo(rewards: &Rewards, groups: &Groups, lonely: Lonely) -> Result<Vec<f64>, AlgoError> {
    per_group(rewards, groups, |reward, group| match (group.count, lonely) {
        (1, Lonely::KeepReward) => reward,
        (1, Lonely::Zero) => 0.0,
        (size, _) => group.centre(reward) * size as f64 / (size - 1) as f64,
    })
}
