//! Mean and standard deviation of a few rewards, honest about "all equal".

use crate::error::{AlgoError, all_finite};
use crate::hyper::Positive;

/// Below this share of the largest magnitude a standard deviation is rounding noise of f32 rewards.
const NOISE: f64 = 1e-7;

/// Mean, standard deviation (divisor n − 1) and size of a set of numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    pub(super) mean: f64,
    pub(super) std: f64,
    pub(super) count: usize,
}

impl Spread {
    /// Two passes; the standard deviation is exactly 0 when nothing differs by more than noise.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let values = values.collect::<Vec<_>>();
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count.max(1) as f64;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let std = (squares / count.saturating_sub(1).max(1) as f64).sqrt();
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let std = if std < NOISE * largest { 0.0 } else { std };
        Self { mean, std, count }
    }

    /// Whether the members cannot be told apart.
    pub(super) fn is_flat(&self) -> bool {
        self.std == 0.0
    }

    /// value − μ, exactly 0 in a flat set.
    pub(super) fn centre(&self, value: f64) -> f64 {
        if self.is_flat() { 0.0 } else { value - self.mean }
    }

    /// (value − μ) / (σ + ε).
    pub(super) fn standardise(&self, value: f64, epsilon: Positive) -> f64 {
        self.centre(value) / (self.std + epsilon.get())
    }
}

/// Standardises over the whole batch, as TRL's `normalize_advantages` does for RLOO.
///
/// Aᵢ = (aᵢ − mean a) / (std a + ε)
///
/// By hand: a = 2, 0, 1 has mean 1 and deviation 1, so the first becomes 1/(1 + ε).
///
/// ```
/// use rl_algos::{Positive, advantage::standardise_batch};
/// let advantage_b = standardise_batch(&[2.0, 0.0, 1.0], Positive::new(1e-4)?)?;
/// assert!((advantage_b[0] - 1.0 / 1.0001).abs() < 1e-12);
/// assert_eq!(standardise_batch(&[0.0, 0.0], Positive::new(1e-4)?)?, [0.0, 0.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn standardise_batch(advantage_b: &[f64], epsilon: Positive) -> Result<Vec<f64>, AlgoError> {
    all_finite("advantages", advantage_b)?;
    let spread = Spread::of(advantage_b.iter().copied());
    Ok(advantage_b.iter().map(|advantage| spread.standardise(*advantage, epsilon)).collect())
}
