//! Whitening over all tokens of a batch.

use serde::{Deserialize, Serialize};

use crate::error::{AlgoError, same_shape};
use crate::grid::Grid;
use crate::mask::Mask;

/// Added to a variance, or its floor.
const STABILISER: f64 = 1e-8;

/// How token values are brought to mean 0 and variance 1 over the N unmasked tokens of the batch.
///
/// | symbol | meaning |
/// |---|---|
/// | μ | (1/N) Σ m·R |
/// | v | Σ m·(R − μ)² / (N − 1) |
/// | v° | the same with divisor N (population) |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whitening {
    /// (R − μ) / √(v + 1e-8): verl. Needs two tokens.
    Sample,
    /// (R − μ) / √max(v°, 1e-8): OpenRLHF.
    Population,
    /// R − μ: OpenRLHF's `no_advantage_std_norm`.
    CentreOnly,
    /// (R − μ) / √(v + 1e-8), and just R − μ for fewer than two tokens: MAYE as its paper defines it.
    SampleLenient,
    /// The same with μ added back after scaling: MAYE as published.
    SampleKeepMean,
}

impl Whitening {
    /// Whitens, leaving 0 at masked positions.
    ///
    /// By hand: values 2 and 0 have μ = 1, v = 2, so they become ±1/√2.
    ///
    /// ```
    /// use rl_algos::{Grid, Mask, advantage::Whitening};
    /// let values_bt = Grid::from_rows(vec![vec![2.0, 0.0, 77.0]])?;
    /// let white_bt = Whitening::Sample.apply(&values_bt, &Mask::from_lengths(&[2], 3)?)?;
    /// assert!((white_bt.cells()[0] - 0.5_f64.sqrt()).abs() < 1e-8);
    /// assert_eq!(white_bt.cells()[2], 0.0);
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub fn apply(self, values_bt: &Grid<f64>, mask: &Mask) -> Result<Grid<f64>, AlgoError> {
        same_shape("values to whiten", values_bt.shape(), mask.shape())?;
        let tokens = mask.totals().tokens;
        if tokens < 2 && self == Self::Sample {
            return Err(AlgoError::TooFewTokens { found: tokens });
        }
        let mean = mask.all_kept(values_bt).sum::<f64>() / tokens.max(1) as f64;
        let squares = mask.all_kept(values_bt).map(|value| (value - mean).powi(2)).sum::<f64>();
        let scale = self.scale(squares, tokens);
        let offset = if self == Self::SampleKeepMean && tokens > 1 { mean } else { 0.0 };
        Ok(mask.fill(|row, t| (values_bt.row(row)[t] - mean) * scale + offset))
    }

    fn scale(self, squares: f64, tokens: usize) -> f64 {
        match self {
            Self::CentreOnly => 1.0,
            Self::Population => (squares / tokens.max(1) as f64).max(STABILISER).sqrt().recip(),
            _ if tokens < 2 => 1.0,
            _ => (squares / (tokens - 1) as f64 + STABILISER).sqrt().recip(),
        }
    }
}
