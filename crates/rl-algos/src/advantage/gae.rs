//! Generalised advantage estimation, for PPO with a critic.

use serde::{Deserialize, Serialize};

use super::{Whitening, terminal_rewards};
use crate::error::{AlgoError, same_shape};
use crate::grid::Grid;
use crate::hyper::Fraction;
use crate::mask::Mask;

/// Exponentially weighted sum of temporal-difference errors.
///
/// δₜ = rₜ + γ·Vₜ₊₁ − Vₜ,  Âₜ = δₜ + γλ·Âₜ₊₁,  Rₜ = Âₜ + Vₜ,  A = whiten(Â)
///
/// | symbol | meaning |
/// |---|---|
/// | Vₜ | the critic's value before token t; after the last token it is 0 |
/// | γ, λ | discount; 0 trusts the critic, 1 the sampled return |
/// | Rₜ | the critic's target, not whitened |
///
/// Masked tokens inside a row are stepped over: V and Â carry across them. Schulman et al., arXiv 1506.02438.
///
/// By hand: reward 1, values 0.5, 0.25, γ = λ = 1 → δ = −0.25, 0.75, Â = 0.5, 0.75, R = 1, 1.
///
/// ```
/// use rl_algos::{Grid, Mask, advantage::Gae};
/// let values_bt = Grid::from_rows(vec![vec![0.5, 0.25]])?;
/// let out = Gae::VERL.advantages(&[1.0], &values_bt, &Mask::from_lengths(&[2], 2)?)?;
/// assert_eq!((out.raw_bt.cells(), out.returns_bt.cells()), (&[0.5, 0.75][..], &[1.0, 1.0][..]));
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gae {
    /// The discount γ.
    pub gamma: Fraction,
    /// The trace decay λ.
    pub lambda: Fraction,
}

/// What [`Gae::advantages`] computes; 0 at masked positions.
#[derive(Debug, Clone, PartialEq)]
pub struct GaeOutput {
    /// A: whitened over the tokens of the batch.
    pub advantage_bt: Grid<f64>,
    /// Â: before whitening.
    pub raw_bt: Grid<f64>,
    /// R: targets for the critic.
    pub returns_bt: Grid<f64>,
}

impl Gae {
    /// verl's defaults, γ = λ = 1.
    pub const VERL: Self = Self { gamma: Fraction::ONE, lambda: Fraction::ONE };

    /// One advantage per token, from one reward per row and one value per token.
    pub fn advantages(
        &self,
        reward_b: &[f64],
        values_bt: &Grid<f64>,
        mask: &Mask,
    ) -> Result<GaeOutput, AlgoError> {
        same_shape("values", values_bt.shape(), mask.shape())?;
        let rewards_bt = terminal_rewards(reward_b, mask)?;
        let mut raw_bt = mask.fill(|_, _| 0.0);
        for row in 0..mask.shape()[0] {
            let mut ahead = (0.0, 0.0); // (value, advantage) of the next token that counts
            for t in (0..mask.shape()[1]).rev().filter(|t| mask.row(row)[*t]) {
                let value = values_bt.row(row)[t];
                let delta = rewards_bt.row(row)[t] + self.gamma.get() * ahead.0 - value;
                ahead = (value, delta + self.gamma.get() * self.lambda.get() * ahead.1);
                raw_bt.row_mut(row)[t] = ahead.1;
            }
        }
        let returns_bt = mask.fill(|row, t| raw_bt.row(row)[t] + values_bt.row(row)[t]);
        Ok(GaeOutput { advantage_bt: Whitening::Sample.apply(&raw_bt, mask)?, raw_bt, returns_bt })
    }
}
