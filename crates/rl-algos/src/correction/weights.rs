//! Importance weights between trainer and sampler.

use serde::{Deserialize, Serialize};

use super::SamplerGap;
use crate::error::{AlgoError, in_range};
use crate::grid::Grid;

/// What a weight belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// w = e^x for each token.
    Token,
    /// w = e^(Σₜ mx) on every token of the row: TRL, verl.
    SequenceSum,
    /// w = e^(Σₜ mx / n) on every token of the row: ms-swift.
    SequenceMean,
}

/// What happens to a weight outside its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outside {
    /// It is set to the nearest bound: truncated importance sampling.
    Truncate,
    /// It becomes 0: masked importance sampling ("IcePop").
    Zero,
}

/// Bounds of a weight; an absent one does not bind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightBounds {
    low: f64,
    high: f64,
}

impl WeightBounds {
    /// Accepts 0 ≤ low ≤ high.
    ///
    /// ```
    /// use rl_algos::correction::WeightBounds;
    /// assert!(WeightBounds::new(None, Some(3.0)).is_ok());
    /// assert!(WeightBounds::new(Some(2.0), Some(1.0)).is_err());
    /// ```
    pub fn new(low: Option<f64>, high: Option<f64>) -> Result<Self, AlgoError> {
        let low = in_range("lower bound of weights", low.unwrap_or(0.0), "a number from 0", |v| v >= 0.0)?;
        let high = in_range(
            "upper bound of weights",
            high.unwrap_or(f64::INFINITY),
            "at least the lower bound",
            |v| v >= low,
        )?;
        Ok(Self { low, high })
    }

    fn hold(self, weight: f64, outside: Outside) -> f64 {
        match outside {
            Outside::Truncate => weight.clamp(self.low, self.high),
            Outside::Zero if weight < self.low || weight > self.high => 0.0,
            Outside::Zero => weight,
        }
    }

    pub(super) fn contains(self, weight: f64) -> bool {
        (self.low..=self.high).contains(&weight)
    }
}

/// Truncated or masked importance sampling between trainer and sampler.
///
/// w = hold(e^x) per token, or hold(e^(Σ mx)), hold(e^(Σ mx / n)) per row
///
/// Yao et al., "Your Efficient RL Framework Secretly Brings You Off-Policy RL Training" (2025); Liu et al., "When
/// Speed Kills Stability" (2025). IcePop: arXiv 2510.18855.
///
/// By hand: x = ln 4 truncated at 2 → w = 2; masked at 2 → w = 0.
///
/// ```
/// use rl_algos::{Grid, Mask, correction::{Correction, Level, Outside, SamplerGap, WeightBounds}};
/// let [trainer_bt, sampler_bt] = [4.0_f64.ln(), 0.0].map(|logp| Grid::from_fn([1, 1], |_, _| logp));
/// let gap = SamplerGap::new(&trainer_bt, &sampler_bt, &Mask::from_lengths(&[1], 1)?)?;
/// let bounds = WeightBounds::new(None, Some(2.0))?;
/// let weights = |outside| Correction { level: Level::Token, outside, bounds }.weights(&gap);
/// assert_eq!(weights(Outside::Truncate).cells(), [2.0]);
/// assert_eq!(weights(Outside::Zero).cells(), [0.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correction {
    /// Per token or per row.
    pub level: Level,
    /// What to do outside the bounds.
    pub outside: Outside,
    /// The bounds.
    pub bounds: WeightBounds,
}

impl Correction {
    /// TRL's default: one weight per sequence, 0 above 3.
    pub const TRL: Self = Self {
        level: Level::SequenceSum,
        outside: Outside::Zero,
        bounds: WeightBounds { low: 0.0, high: 3.0 },
    };

    /// One weight per token, 0 where masked. Log-weights are limited to ±300, so weights are always finite.
    pub fn weights(&self, gap: &SamplerGap) -> Grid<f64> {
        self.weights_within(gap, 300.0)
    }

    /// The same with log-weights limited to ±`guard` first; verl uses 20.
    pub fn weights_within(&self, gap: &SamplerGap, guard: f64) -> Grid<f64> {
        let row_log_b = row_logs(gap, self.level);
        let log_weight = |row: usize, t: usize| match self.level {
            Level::Token => gap.tokens().row(row)[t],
            Level::SequenceSum | Level::SequenceMean => row_log_b[row],
        };
        gap.mask()
            .fill(|row, t| self.bounds.hold(log_weight(row, t).clamp(-guard, guard).exp(), self.outside))
    }

    /// Divides weights by their mean, over tokens or over rows that have a token: verl's `batch_normalize`.
    ///
    /// ```
    /// use rl_algos::{Grid, Mask, correction::{Correction, SamplerGap}};
    /// let mask = Mask::from_lengths(&[1, 2], 2)?;
    /// let weights_bt = Grid::from_rows(vec![vec![1.0, 0.0], vec![3.0, 3.0]])?;
    /// let per_row = Correction::TRL.normalise(&weights_bt, &mask)?;
    /// assert_eq!(per_row.cells(), [0.5, 0.0, 1.5, 1.5]);
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub fn normalise(&self, weights_bt: &Grid<f64>, mask: &crate::Mask) -> Result<Grid<f64>, AlgoError> {
        crate::error::same_shape("weights", weights_bt.shape(), mask.shape())?;
        let totals = mask.totals();
        let (sum, count) = match self.level {
            Level::Token => (mask.all_kept(weights_bt).sum::<f64>(), totals.tokens),
            Level::SequenceSum | Level::SequenceMean => {
                ((0..totals.rows).map(|row| mask.row_mean(weights_bt, row)).sum(), totals.nonempty_rows)
            }
        };
        let mean = (sum / count.max(1) as f64).max(1e-8);
        Ok(mask.fill(|row, t| weights_bt.row(row)[t] / mean))
    }
}

/// OpenRLHF's sequence mode: rows whose geometric mean weight lies outside the bounds are dropped; the tokens of the
/// others keep their own weight e^x.
///
/// ```
/// use rl_algos::{Grid, Mask, correction::{SamplerGap, WeightBounds, geometric_gate}};
/// let trainer_bt = Grid::from_rows(vec![vec![2.0_f64.ln(), -(2.0_f64.ln())]])?;
/// let sampler_bt = Grid::from_rows(vec![vec![0.0, 0.0]])?;
/// let gap = SamplerGap::new(&trainer_bt, &sampler_bt, &Mask::from_lengths(&[2], 2)?)?;
/// let weights_bt = geometric_gate(&gap, WeightBounds::new(Some(0.9), Some(1.1))?);
/// assert_eq!(weights_bt.cells(), [2.0, 0.5]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn geometric_gate(gap: &SamplerGap, bounds: WeightBounds) -> Grid<f64> {
    let row_log_b = row_logs(gap, Level::SequenceMean);
    let open = |row: usize| bounds.contains(row_log_b[row].exp());
    gap.mask().fill(|row, t| if open(row) { gap.tokens().row(row)[t].exp() } else { 0.0 })
}

fn row_logs(gap: &SamplerGap, level: Level) -> Vec<f64> {
    let rows = 0..gap.mask().shape()[0];
    match level {
        Level::SequenceMean => rows.map(|row| gap.mask().row_mean(gap.tokens(), row)).collect(),
        Level::Token | Level::SequenceSum => rows.map(|row| gap.mask().row_sum(gap.tokens(), row)).collect(),
    }
}
