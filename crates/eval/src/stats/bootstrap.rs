//! The bootstrap of a mean.

use super::{Draws, Interval, mean};

/// Resamples that the percentile interval is taken from.
pub(super) const RESAMPLES: u64 = 2000;

/// Efron's percentile interval (1979) of the mean at 95 %, from 2000 resamples of the questions; `None` for no values.
/// It depends on the values, their order and the seed alone.
///
/// ```
/// let interval = eval::stats::bootstrap_mean(&[0.0, 0.3, 0.6, 1.0], 0).unwrap();
/// assert!(interval.low >= 0.0 && interval.low < 0.475 && interval.high > 0.475 && interval.high <= 1.0);
/// ```
pub fn bootstrap_mean(values: &[f64], seed: u64) -> Option<Interval> {
    mean(values)?;
    Some(percentiles(resampled_means(values, seed)))
}

/// The sorted means of the resamples.
pub(super) fn resampled_means(values: &[f64], seed: u64) -> Vec<f64> {
    let draws = Draws::new(seed);
    let n = values.len();
    let one = |resample| {
        let sum: f64 = (0..n as u64).map(|i| values[draws.index(resample, i, n)]).sum();
        sum / n as f64
    };
    let mut means: Vec<f64> = (0..RESAMPLES).map(one).collect();
    means.sort_by(f64::total_cmp);
    means
}

/// The 2.5 % and 97.5 % points of sorted values.
pub(super) fn percentiles(sorted: Vec<f64>) -> Interval {
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
    Interval { low: at(0.025), high: at(0.975) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::wilson;

    #[test]
    fn on_right_and_wrong_it_agrees_with_wilson() {
        let values: Vec<f64> = (0..500).map(|i| f64::from(u8::from(i < 295))).collect();
        let (boot, exact) = (bootstrap_mean(&values, 3).unwrap(), wilson(295, 500).unwrap());
        assert!((boot.low - exact.low).abs() < 0.01 && (boot.high - exact.high).abs() < 0.01);
        assert_eq!(boot, bootstrap_mean(&values, 3).unwrap());
        assert_eq!(bootstrap_mean(&[], 3), None);
        assert_eq!(bootstrap_mean(&[0.5], 3), Some(Interval { low: 0.5, high: 0.5 }));
    }
}
