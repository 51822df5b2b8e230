//! A row of logits on the host as a distribution to draw from.

use crate::kernel::vector;

/// Weights that are summed in f32; the sums of chunks are added in f64, so that long rows lose nothing.
const CHUNK: usize = 1024;

/// `wᵢ = e^((xᵢ − m)/T)` with `m = max xᵢ`: the softmax of `x/T` before it is divided by `Σ w`.
///
/// Made to be filled again and again: it keeps its buffers.
///
/// # Example
/// ```
/// let mut softmax = fused_ops::RowSoftmax::default();
/// softmax.fill(&[1.0, 3.0, f32::NEG_INFINITY], 2.0);
/// assert_eq!(softmax.weights()[1..], [1.0, 0.0]);
/// assert_eq!((softmax.quantile(0.0), softmax.quantile(0.99)), (0, 1));
/// assert!((softmax.log_prob(3.0) + (1.0f32 + (-1.0f32).exp()).ln()).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RowSoftmax {
    weights: Vec<f32>,
    /// Sum of each chunk of weights.
    sums: Vec<f64>,
    total: f64,
    max: f32,
    temperature: f32,
}

impl RowSoftmax {
    /// Replaces the row. The log-sum is, bit for bit, that of [`log_sum_exp`](crate::log_sum_exp).
    pub fn fill(&mut self, logits: &[f32], temperature: f32) {
        (self.max, self.temperature) = (vector::max(logits), temperature);
        self.weights.clear();
        self.weights.extend(logits.iter().map(|x| (x - self.max) / temperature));
        self.sums.clear();
        self.sums.extend(self.weights.chunks_mut(CHUNK).map(|chunk| f64::from(vector::exp_sum(chunk, 0.0))));
        self.total = self.sums.iter().sum();
    }

    /// The weights.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// `ln p = (x − m)/T − ln Σ w` of a logit of the row.
    pub fn log_prob(&self, logit: f32) -> f32 {
        (logit - self.max) / self.temperature - self.total.ln() as f32
    }

    /// The first index at which the cumulative distribution exceeds `draw`, a number in [0, 1).
    ///
    /// Where rounding leaves none, the last index with a positive weight; 0 for a row of NaN.
    pub fn quantile(&self, draw: f64) -> usize {
        let mut left = draw * self.total;
        let mut last = 0;
        for (chunk, (weights, sum)) in self.weights.chunks(CHUNK).zip(&self.sums).enumerate() {
            let whole = left >= *sum;
            if whole {
                left -= sum;
            }
            if let Some(found) = if whole { None } else { passing(weights, left) } {
                return chunk * CHUNK + found;
            }
            if let Some(positive) = weights.iter().rposition(|weight| *weight > 0.0) {
                last = chunk * CHUNK + positive;
                if !whole {
                    return last;
                }
            }
        }
        last
    }
}

/// The first index at which the cumulative sum of `weights` exceeds `left`.
fn passing(weights: &[f32], mut left: f64) -> Option<usize> {
    weights.iter().position(|weight| {
        left -= f64::from(*weight);
        left < 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(logits: &[f32], temperature: f32) -> RowSoftmax {
        let mut softmax = RowSoftmax::default();
        softmax.fill(&[7.0; 5], 1.0);
        softmax.fill(logits, temperature);
        softmax
    }

    #[test]
    fn quantiles_of_long_rows_follow_the_cumulative_distribution() {
        let logits: Vec<f32> = (0..5000).map(|i| ((i * 7919) % 2003) as f32 / 400.0).collect();
        let softmax = of(&logits, 0.8);
        let total: f64 = softmax.weights().iter().map(|w| f64::from(*w)).sum();
        for step in 0..500 {
            let draw = (f64::from(step) + 0.5) / 500.0;
            let found = softmax.quantile(draw);
            let below: f64 = softmax.weights()[..found].iter().map(|w| f64::from(*w)).sum();
            let through = below + f64::from(softmax.weights()[found]);
            assert!(below / total <= draw + 1e-7 && draw - 1e-7 <= through / total, "{draw}: {found}");
        }
    }

    #[test]
    fn the_log_probability_is_that_of_the_log_sum() {
        let logits: Vec<f32> = (0..3000).map(|i| ((i * 104_729) % 997) as f32 / 50.0).collect();
        for temperature in [0.3, 1.0, 1.7] {
            let (max, log_sum) = crate::log_sum_exp(&logits, temperature);
            let expected = (logits[5] - max) / temperature - log_sum;
            assert_eq!(of(&logits, temperature).log_prob(logits[5]), expected);
        }
    }

    #[test]
    fn weights_of_zero_are_never_chosen_and_nan_does_not_hang() {
        let softmax = of(&[f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY], 1.0);
        assert!([0.0, 0.5, 1.0 - f64::EPSILON].iter().all(|draw| softmax.quantile(*draw) == 1));
        assert_eq!(of(&[f32::NAN, f32::NAN], 1.0).quantile(0.5), 0);
        assert!(of(&[f32::NAN, 1.0], 1.0).log_prob(1.0).is_nan());
    }
}
