//! Reinforce++: token returns, whitened over the batch; no critic, no groups.

use serde::{Deserialize, Serialize};

use super::{Advantages, Holes, Whitening, discounted_returns, terminal_rewards};
use crate::error::{AlgoError, same_shape};
use crate::grid::Grid;
use crate::hyper::Fraction;
use crate::mask::Mask;

/// Reinforce++ in the forms of three projects.
///
/// rₜ = [t last]·rᵢ − penaltyₜ,  Rₜ = rₜ + γ·Rₜ₊₁,  A = whiten(R)
///
/// | symbol | meaning |
/// |---|---|
/// | penaltyₜ | β·KL of token t, when the KL lives in the reward ([`crate::kl::token_penalty`]) |
/// | γ | discount, 1 in all published recipes but one |
///
/// Hu, "REINFORCE++", arXiv 2501.03262. MAYE: arXiv 2504.02587.
///
/// By hand: two one-token rows with rewards 1 and 0 → returns 1 and 0, whitened ±0.70711 (sample variance) or
/// ±1 (population).
///
/// ```
/// use rl_algos::{Mask, advantage::ReinforcePp};
/// let mask = Mask::from_lengths(&[1, 1], 1)?;
/// let verl = ReinforcePp::VERL.advantages(&[1.0, 0.0], None, &mask)?;
/// let openrlhf = ReinforcePp::OPENRLHF.advantages(&[1.0, 0.0], None, &mask)?;
/// assert!((verl.advantage_bt.cells()[0] - 0.707_106_7).abs() < 1e-6);
/// assert_eq!(openrlhf.advantage_bt.cells()[0], 1.0);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReinforcePp {
    /// The discount.
    pub gamma: Fraction,
    /// Whether masked tokens inside a row decay it.
    pub holes: Holes,
    /// How returns become advantages.
    pub whitening: Whitening,
}

/// What [`ReinforcePp::advantages`] computes.
#[derive(Debug, Clone, PartialEq)]
pub struct ReinforcePpOutput {
    /// Whitened returns, 0 at masked positions.
    pub advantage_bt: Grid<f64>,
    /// The returns before whitening.
    pub returns_bt: Grid<f64>,
}

impl From<ReinforcePpOutput> for Advantages {
    fn from(output: ReinforcePpOutput) -> Self {
        Self::Tokens(output.advantage_bt)
    }
}

impl ReinforcePp {
    /// verl's `reinforce_plus_plus`.
    pub const VERL: Self = Self { gamma: Fraction::ONE, holes: Holes::Skip, whitening: Whitening::Sample };
    /// OpenRLHF's `reinforce`.
    pub const OPENRLHF: Self =
        Self { gamma: Fraction::ONE, holes: Holes::Decay, whitening: Whitening::Population };
    /// MAYE as its paper defines it.
    pub const MAYE: Self =
        Self { gamma: Fraction::ONE, holes: Holes::Decay, whitening: Whitening::SampleLenient };
    /// MAYE as published: the mean is added back.
    pub const MAYE_PUBLISHED: Self = Self { whitening: Whitening::SampleKeepMean, ..Self::MAYE };

    /// The same with another discount.
    pub const fn with_gamma(self, gamma: Fraction) -> Self {
        Self { gamma, ..self }
    }

    /// One advantage per token. `penalty_bt` is subtracted from the token rewards.
    pub fn advantages(
        &self,
        reward_b: &[f64],
        penalty_bt: Option<&Grid<f64>>,
        mask: &Mask,
    ) -> Result<ReinforcePpOutput, AlgoError> {
        let mut rewards_bt = terminal_rewards(reward_b, mask)?;
        if let Some(penalty_bt) = penalty_bt {
            same_shape("token penalties", penalty_bt.shape(), mask.shape())?;
            rewards_bt = mask.fill(|row, t| rewards_bt.row(row)[t] - penalty_bt.row(row)[t]);
        }
        let returns_bt = discounted_returns(&rewards_bt, mask, self.gamma, self.holes)?;
        Ok(ReinforcePpOutput { advantage_bt: self.whitening.apply(&returns_bt, mask)?, returns_bt })
    }
}
