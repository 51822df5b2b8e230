//! The normaliser of a row of logits that is already on the host.

use crate::kernel::vector;

/// Values that are summed in f32; the sums of chunks are added in f64, so that long rows lose nothing.
const CHUNK: usize = 1024;

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
    let mut scaled = [0.0; CHUNK];
    let mut sum = 0.0;
    for values in values.chunks(CHUNK) {
        let scaled = &mut scaled[..values.len()];
        scaled.iter_mut().zip(values).for_each(|(scaled, x)| *scaled = (x - max) / temperature);
        sum += f64::from(vector::exp_sum(scaled, 0.0));
    }
    (max, sum.ln() as f32)
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
            assert!((f64::from(log_sum) - exact.ln()).abs() < 2e-6, "{n}: {log_sum} for {}", exact.ln());
        }
    }
}
