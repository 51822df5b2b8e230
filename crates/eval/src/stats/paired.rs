//! Two models on the same questions.

use serde::{Deserialize, Serialize};

use super::bootstrap::{percentiles, resampled_means};
use super::{Interval, mcnemar_exact, mean};

/// How a model compares with a baseline on the questions that both answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Questions that both answered.
    pub questions: usize,
    /// Mean score of the new model minus that of the baseline.
    pub difference: f64,
    /// Percentile bootstrap of the difference, questions resampled in pairs.
    pub interval: Interval,
    /// Questions on which the new model scores higher.
    pub gained: usize,
    /// Questions on which it scores lower.
    pub lost: usize,
    /// McNemar's exact p on gained and lost; for graded scores this is the sign test.
    pub p_value: f64,
}

/// Compares paired scores (new, baseline); `None` for no pairs.
///
/// ```
/// let paired = eval::stats::compare_paired(&[(1.0, 0.0), (1.0, 1.0), (0.0, 0.0)], 0).unwrap();
/// assert_eq!((paired.gained, paired.lost, paired.p_value), (1, 0, 1.0));
/// assert!((paired.difference - 1.0 / 3.0).abs() < 1e-12);
/// ```
pub fn compare_paired(pairs: &[(f64, f64)], seed: u64) -> Option<Paired> {
    let differences: Vec<f64> = pairs.iter().map(|(new, old)| new - old).collect();
    let difference = mean(&differences)?;
    let gained = differences.iter().filter(|d| **d > 0.0).count();
    let lost = differences.iter().filter(|d| **d < 0.0).count();
    Some(Paired {
        questions: pairs.len(),
        difference,
        interval: percentiles(resampled_means(&differences, seed)),
        gained,
        lost,
        p_value: mcnemar_exact(gained, lost),
    })
}
