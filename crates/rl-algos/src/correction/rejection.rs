//! Rejection: tokens or rows on which trainer and sampler disagree too much leave the batch.

use serde::{Deserialize, Serialize};

use super::{SamplerGap, WeightBounds};
use crate::grid::Grid;
use crate::mask::Mask;

/// The per-token statistic that is tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Divergence {
    /// −x, tested so that e^(−x) lies within bounds on both sides.
    K1(WeightBounds),
    /// ½x², at most this.
    K2(f64),
    /// e^x − 1 − x, at most this.
    K3(f64),
}

/// What is tested, and what leaves together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Each token on its own.
    Token,
    /// The row, by the sum over its tokens.
    RowSum,
    /// The row, by the mean over its tokens.
    RowMean,
    /// The row, by its worst token.
    RowMax,
}

/// Rejection sampling between trainer and sampler; the denominator must be made from the mask it returns.
///
/// keep ⟺ ln low ≤ k1 ≤ ln high, or k2 ≤ u, or k3 ≤ u, with k per token or Σ, mean, max over the row
///
/// verl's `rollout_rs`. A single number u for k1 means the bounds \[1/u, u\].
///
/// By hand: x = 0.3 and 0: token k2 = 0.045 and 0; with u = 0.01 the first token leaves.
///
/// ```
/// use rl_algos::{Grid, Mask, correction::{Divergence, Rejection, SamplerGap, Unit}};
/// let trainer_bt = Grid::from_rows(vec![vec![0.3, 0.0]])?;
/// let sampler_bt = Grid::from_rows(vec![vec![0.0, 0.0]])?;
/// let gap = SamplerGap::new(&trainer_bt, &sampler_bt, &Mask::from_lengths(&[2], 2)?)?;
/// let kept = |unit| Rejection { divergence: Divergence::K2(0.01), unit }.apply(&gap);
/// assert_eq!(kept(Unit::Token).row(0), [false, true]);
/// assert_eq!(kept(Unit::RowMax).row(0), [false, false]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rejection {
    /// The statistic and its limits.
    pub divergence: Divergence,
    /// What it is taken over.
    pub unit: Unit,
}

impl Rejection {
    /// The mask without what was rejected. Empty rows stay empty.
    pub fn apply(&self, gap: &SamplerGap) -> Mask {
        let mask = gap.mask();
        let statistic_bt = mask.fill(|row, t| self.divergence.of(gap.tokens().row(row)[t]));
        let row_accepts = |row: usize| {
            self.row_statistic(mask, &statistic_bt, row).is_none_or(|s| self.divergence.accepts(s))
        };
        let rows = (0..mask.shape()[0]).map(row_accepts).collect::<Vec<_>>();
        let keep = |row: usize, t: usize| match self.unit {
            Unit::Token => self.divergence.accepts(statistic_bt.row(row)[t]),
            Unit::RowSum | Unit::RowMean | Unit::RowMax => rows[row],
        };
        Mask::new(Grid::from_fn(mask.shape(), |row, t| mask.row(row)[t] && keep(row, t)))
    }

    fn row_statistic(&self, mask: &Mask, statistic_bt: &Grid<f64>, row: usize) -> Option<f64> {
        match self.unit {
            Unit::Token => None,
            Unit::RowSum => Some(mask.row_sum(statistic_bt, row)),
            Unit::RowMean => Some(mask.row_mean(statistic_bt, row)),
            Unit::RowMax => mask.kept(statistic_bt, row).reduce(f64::max),
        }
    }
}

impl Divergence {
    fn of(self, gap: f64) -> f64 {
        match self {
            Self::K1(_) => -gap,
            Self::K2(_) => 0.5 * gap * gap,
            Self::K3(_) => gap.exp() - 1.0 - gap,
        }
    }

    fn accepts(self, statistic: f64) -> bool {
        match self {
            Self::K1(bounds) => bounds.contains(statistic.exp()),
            Self::K2(limit) | Self::K3(limit) => statistic <= limit,
        }
    }
}
