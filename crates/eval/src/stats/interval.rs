//! Confidence intervals.

use serde::{Deserialize, Serialize};

/// The 97.5 % point of the standard normal distribution: intervals cover 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// Both ends of a 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Wilson's score interval (1927) for c right answers of n, at 95 %:
/// (p̂ + z²/2n ± z·√(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n), p̂ = c/n, z = 1.96; `None` for n = 0.
///
/// ```
/// let interval = eval::stats::wilson(295, 500).unwrap();
/// assert!((interval.low - 0.5464).abs() < 5e-5 && (interval.high - 0.6323).abs() < 5e-5);
/// ```
pub fn wilson(correct: usize, total: usize) -> Option<Interval> {
    if total == 0 {
        return None;
    }
    let n = total as f64;
    let p = correct.min(total) as f64 / n;
    let centre = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some(Interval { low: ((centre - half) / scale).max(0.0), high: ((centre + half) / scale).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_stays_in_the_unit_range_and_holds_the_share() {
        for total in 1..60 {
            for correct in 0..=total {
                let Interval { low, high } = wilson(correct, total).unwrap();
                let share = correct as f64 / total as f64;
                assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
                assert!(low <= share + 1e-12 && share <= high + 1e-12, "{correct}/{total}");
            }
        }
        assert_eq!(wilson(0, 0), None);
    }
}
