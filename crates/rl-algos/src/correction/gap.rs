//! The gap between trainer and sampler.

use crate::error::{AlgoError, same_shape};
use crate::grid::Grid;
use crate::mask::Mask;

/// Largest gap that is told apart; its exponential is finite, and so is a sum over a row.
const LARGEST: f64 = 300.0;

/// x = ℓᵒ − ℓˢ for every token that counts, 0 elsewhere and where the sampler reported NaN.
///
/// By hand: ℓᵒ = −1, ℓˢ = −1.2 → x = 0.2.
///
/// ```
/// use rl_algos::{Grid, Mask, correction::SamplerGap};
/// let trainer_bt = Grid::from_rows(vec![vec![-1.0, -1.0]])?;
/// let sampler_bt = Grid::from_rows(vec![vec![-1.2, f64::NAN]])?;
/// let gap = SamplerGap::new(&trainer_bt, &sampler_bt, &Mask::from_lengths(&[2], 2)?)?;
/// assert!((gap.tokens().cells()[0] - 0.2).abs() < 1e-12);
/// assert_eq!(gap.tokens().cells()[1], 0.0);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SamplerGap {
    tokens_bt: Grid<f64>,
    mask: Mask,
}

impl SamplerGap {
    /// Takes the log-probabilities of both sides. NaN of the trainer is an error: its forward pass is broken.
    pub fn new(trainer_bt: &Grid<f64>, sampler_bt: &Grid<f64>, mask: &Mask) -> Result<Self, AlgoError> {
        same_shape("log-probabilities of the trainer", trainer_bt.shape(), mask.shape())?;
        same_shape("log-probabilities of the sampler", sampler_bt.shape(), mask.shape())?;
        if let Some(row) = (0..mask.shape()[0]).find(|row| mask.kept(trainer_bt, *row).any(f64::is_nan)) {
            return Err(AlgoError::NotFinite {
                what: "log-probabilities of the trainer",
                row,
                value: f64::NAN,
            });
        }
        let gap = |row: usize, t: usize| trainer_bt.row(row)[t] - sampler_bt.row(row)[t];
        let bounded = |x: f64| if x.is_nan() { 0.0 } else { x.clamp(-LARGEST, LARGEST) };
        Ok(Self { tokens_bt: mask.fill(|row, t| bounded(gap(row, t))), mask: mask.clone() })
    }

    /// x, `[B, T]`.
    pub const fn tokens(&self) -> &Grid<f64> {
        &self.tokens_bt
    }

    /// The mask it was computed under.
    pub const fn mask(&self) -> &Mask {
        &self.mask
    }
}
