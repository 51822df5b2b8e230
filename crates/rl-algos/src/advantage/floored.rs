//! GRPO's advantage with a floor under the deviation and a bound on the result.

use serde::{Deserialize, Serialize};

use super::per_group;
use crate::error::AlgoError;
use crate::groups::Groups;
use crate::hyper::Positive;
use crate::rewards::Rewards;

/// The floor and the bound of [`floored_grpo`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FlooredScale {
    /// Smallest deviation a group is divided by.
    pub floor: Positive,
    /// Largest magnitude of an advantage.
    pub bound: Positive,
}

impl FlooredScale {
    /// Lever-Plus: floor 0.1, bound 5.
    pub const LEVER: Self = Self { floor: Positive::constant(0.1), bound: Positive::constant(5.0) };
}

/// Group-relative advantages that nearly equal rewards cannot blow up.
///
/// Aᵢ = clip((rᵢ − μ_g) / max(σ_g, floor), ±bound)
///
/// The second training stage of Lever-Plus (example selection by a pointer network).
///
/// By hand: rewards 0.02, 0.04, 0.03 have σ = 0.01, below the floor 0.1 → −0.1, 0.1, 0.
///
/// ```
/// use rl_algos::{Groups, Rewards, advantage::{FlooredScale, floored_grpo}};
/// let rewards = Rewards::from_scores(&[0.02, 0.04, 0.03])?;
/// let advantage_b = floored_grpo(&rewards, &Groups::from_sizes(&[3])?, FlooredScale::LEVER)?;
/// assert!(advantage_b.iter().zip([-0.1, 0.1, 0.0]).all(|(a, b)| (a - b).abs() < 1e-12));
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn floored_grpo(rewards: &Rewards, groups: &Groups, scale: FlooredScale) -> Result<Vec<f64>, AlgoError> {
    let bound = scale.bound.get();
    per_group(rewards, groups, |reward, group| {
        (group.centre(reward) / group.std.max(scale.floor.get())).clamp(-bound, bound)
    })
}
