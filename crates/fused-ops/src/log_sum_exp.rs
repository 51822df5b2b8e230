//! The normaliser of a row of logits that is already on the host.

use crate::kernel::vector;

/// `m = max xᵢ` and `ln Σᵢ e^((xᵢ − m)/T)`, so that `ln p(i) = (xᵢ − m)/T − ln Σ` is the log-softmax of `x/T`.
///
/// Values of −∞ count as (almost) nothing; an empty slice, or one of −∞ only, gives a maximum of −∞.
///
/// # Example
/// ```
/// let (max, log_sum) = fused_ops::log_sum_exp(&[1.0, 3.0], 2.0);
/// assert_eq!(max, 3.0);
/// assert!((log_sum - (1.0f32 + (-1.0f32).exp()).ln()).abs() < 1e-6);
/// ```
pub fn log_sum_exp(values: &[f32], temperature: f32) -> (f32, f32) {
    let max = vector::max(values);
    let mut scaled: Vec<f32> = values.iter().map(|x| (x - max) / temperature).collect();
    (max, vector::exp_sum(&mut scaled, 0.0).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_rows_agree_with_sums_in_double_precision() {
        for (n, temperature) in [(1, 1.0f32), (17, 0.3), (512, 1.0), (151_936, 0.7)] {
            let values: Vec<f32> = (0..n).map(|i| ((i * 7919) % 2003) as f32 / 100.0 - 10.0).collect();
            let (max, log_sum) = log_sum_exp(&values, temperature);
            let exact: f64 = values.iter().map(|x| (f64::from(x - max) / f64::from(temperature)).exp()).sum();
            let off = (f64::from(log_sum) - exact.ln()).abs();
            assert!(off < 1e-6 * (1.0 + exact.ln().abs()), "{n}: {log_sum} for {}", exact.ln());
        }
    }
}
