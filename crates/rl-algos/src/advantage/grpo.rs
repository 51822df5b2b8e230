//! Group-relative advantages: GRPO, Dr. GRPO, and GRPO with the batch's scale.

use serde::{Deserialize, Serialize};

use super::{Spread, per_group};
use crate::error::AlgoError;
use crate::groups::Groups;
use crate::hyper::Positive;
use crate::rewards::Rewards;

/// What a centred reward is divided by. TRL: `scale_rewards`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Scale {
    /// σ_g + ε, the spread of its own group (GRPO).
    Group(Positive),
    /// σ + ε over all rows of the batch ("Tricks or Traps", arXiv 2508.08221).
    Batch(Positive),
    /// Nothing (Dr. GRPO): easy and hard questions keep their weight.
    None,
}

/// What to do with a group in which only one row has a reward: nothing to compare it with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lonely {
    /// Advantage 0, as in TRL. [`super::summarise`] counts such groups.
    #[default]
    Zero,
    /// Mean 0 and deviation 1 are assumed, so the reward itself passes, as in verl.
    KeepReward,
}

/// Group-relative policy optimisation's advantage.
///
/// Aᵢ = (rᵢ − μ_g) / (σ_g + ε)
///
/// | symbol | meaning |
/// |---|---|
/// | rᵢ | reward of row i |
/// | μ_g, σ_g | mean and standard deviation (divisor G − 1) of its group |
/// | ε | keeps nearly equal groups from exploding |
///
/// GRPO: Shao et al., arXiv 2402.03300. Dr. GRPO (no scale): Liu et al., arXiv 2503.20783.
///
/// By hand: rewards 1, 0, 0 have μ = 1/3, σ = 0.57735, so the first row gets 0.66667 / 0.57745 = 1.15450.
///
/// ```
/// use rl_algos::{Groups, Rewards, advantage::Grpo};
/// let rewards = Rewards::from_scores(&[1.0, 0.0, 0.0])?;
/// let advantage_b = Grpo::TRL.advantages(&rewards, &Groups::from_sizes(&[3])?)?;
/// assert!((advantage_b[0] - 1.154_50).abs() < 1e-5);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Grpo {
    /// What centred rewards are divided by.
    pub scale: Scale,
    /// Groups with one scored row.
    pub lonely: Lonely,
}

impl Grpo {
    /// TRL's default: group scale, ε = 1e-4.
    pub const TRL: Self = Self { scale: Scale::Group(Positive::constant(1e-4)), lonely: Lonely::Zero };
    /// TRL's `scale_rewards="batch"`.
    pub const TRL_BATCH: Self = Self { scale: Scale::Batch(Positive::constant(1e-4)), lonely: Lonely::Zero };
    /// Dr. GRPO.
    pub const DR_GRPO: Self = Self { scale: Scale::None, lonely: Lonely::Zero };
    /// verl: ε = 1e-6, a lonely row keeps its reward.
    pub const VERL: Self = Self { scale: Scale::Group(Positive::constant(1e-6)), lonely: Lonely::KeepReward };
    /// OpenRLHF: ε = 1e-9.
    pub const OPENRLHF: Self = Self { scale: Scale::Group(Positive::constant(1e-9)), lonely: Lonely::Zero };

    /// One advantage per row.
    pub fn advantages(&self, rewards: &Rewards, groups: &Groups) -> Result<Vec<f64>, AlgoError> {
        let batch_std = Spread::of(rewards.iter().flatten()).std;
        let divisor = |group: &Spread| match self.scale {
            Scale::Group(epsilon) => group.std + epsilon.get(),
            Scale::Batch(epsilon) => batch_std + epsilon.get(),
            Scale::None => 1.0,
        };
        let assumed = Spread { mean: 0.0, std: 1.0, count: 1 };
        per_group(rewards, groups, |reward, group| match (group.count, self.lonely) {
            (1, Lonely::KeepReward) => reward / divisor(&assumed),
            _ => group.centre(reward) / divisor(group),
        })
    }
}
