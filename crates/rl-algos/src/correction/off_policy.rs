//! Dropping bad completions that the policy has already moved away from.

use crate::error::{AlgoError, all_finite, same_length, same_shape};
use crate::grid::Grid;
use crate::mask::Mask;

/// Off-policy sequence masking: which rows still teach.
///
/// keep ⟺ A ≥ 0 or (1/n) Σₜ m(ℓˢ − ℓ) ≤ threshold
///
/// A completion with a negative advantage that the current policy would hardly write any more carries noise, not
/// signal. DeepSeek-V3.2, arXiv 2512.02556; TRL's `off_policy_mask_threshold`. Denominators do not change.
///
/// By hand: ℓˢ − ℓ = 0.5 with threshold 0.1: kept for A = 1, dropped for A = −1.
///
/// ```
/// use rl_algos::{Grid, Mask, correction::off_policy_rows};
/// let sampler_bt = Grid::from_fn([2, 1], |_, _| -1.0);
/// let logp_bt = Grid::from_fn([2, 1], |_, _| -1.5);
/// let mask = Mask::from_lengths(&[1, 1], 1)?;
/// assert_eq!(off_policy_rows(&[1.0, -1.0], &sampler_bt, &logp_bt, &mask, 0.1)?, [true, false]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn off_policy_rows(
    advantage_b: &[f64],
    sampler_bt: &Grid<f64>,
    logp_bt: &Grid<f64>,
    mask: &Mask,
    threshold: f64,
) -> Result<Vec<bool>, AlgoError> {
    same_length("advantages", advantage_b.len(), mask.shape()[0])?;
    all_finite("advantages", advantage_b)?;
    same_shape("log-probabilities of the sampler", sampler_bt.shape(), mask.shape())?;
    same_shape("log-probabilities", logp_bt.shape(), mask.shape())?;
    let gap_bt = mask.fill(|row, t| sampler_bt.row(row)[t] - logp_bt.row(row)[t]);
    let keep =
        |(row, advantage): (usize, &f64)| *advantage >= 0.0 || mask.row_mean(&gap_bt, row) <= threshold;
    Ok(advantage_b.iter().enumerate().map(keep).collect())
}
