//! Running statistics of one reward function.

use std::collections::BTreeMap;

use crate::{Outcome, UnparsedKind};

/// Counts and moments of the outcomes of one reward, over as many groups as are added.
///
/// The variance is Welford's: with each new value x, n ← n + 1, δ = x − μ, μ ← μ + δ/n, M ← M + δ·(x − μ),
/// and σ² = M/(n − 1). It stays exact for large, nearly equal values, where Σx² − (Σx)²/n does not.
///
/// ```
/// use rewards::{Outcome, RewardStats};
/// let mut stats = RewardStats::default();
/// for x in [1.0, 0.0, 1.0] { stats.add(&Outcome::from_f64(x)); }
/// assert!((stats.mean().unwrap() - 2.0 / 3.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RewardStats {
    /// Completions judged with a value.
    pub values: usize,
    /// Completions the reward did not apply to.
    pub not_applicable: usize,
    /// Completions that could not be read, by reason.
    pub unparsed: BTreeMap<UnparsedKind, usize>,
    /// Verdicts lost to a failure of the reward.
    pub failed: usize,
    mean: f64,
    sum_of_squares: f64,
}

impl RewardStats {
    /// Counts one outcome.
    ///
    /// ```
    /// use rewards::{Outcome, RewardStats};
    /// let mut stats = RewardStats::default();
    /// stats.add(&Outcome::NotApplicable);
    /// assert_eq!(stats.not_applicable, 1);
    /// ```
    pub fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Value(value) => self.add_value(value.get()),
            Outcome::NotApplicable => self.not_applicable += 1,
            Outcome::Unparsed(kind) => *self.unparsed.entry(*kind).or_default() += 1,
            Outcome::Failed(_) => self.failed += 1,
        }
    }

    fn add_value(&mut self, value: f64) {
        self.values += 1;
        let delta = value - self.mean;
        self.mean += delta / self.values as f64;
        self.sum_of_squares += delta * (value - self.mean);
    }

    /// Mean of the values; `None` before the first.
    ///
    /// ```
    /// assert_eq!(rewards::RewardStats::default().mean(), None);
    /// ```
    pub fn mean(&self) -> Option<f64> {
        (self.values > 0 && self.mean.is_finite()).then_some(self.mean)
    }

    /// Sample standard deviation of the values; `None` before the second.
    ///
    /// ```
    /// use rewards::{Outcome, RewardStats};
    /// let mut stats = RewardStats::default();
    /// stats.add(&Outcome::from_f64(1.0));
    /// stats.add(&Outcome::from_f64(3.0));
    /// assert!((stats.std().unwrap() - 2f64.sqrt()).abs() < 1e-12);
    /// ```
    pub fn std(&self) -> Option<f64> {
        let variance = self.sum_of_squares / (self.values.checked_sub(1)? as f64);
        (self.values > 1 && variance.is_finite()).then(|| variance.max(0.0).sqrt())
    }

    /// Share of all verdicts that failed, for a limit such as "stop above 20 %"; 0 before the first.
    ///
    /// ```
    /// assert_eq!(rewards::RewardStats::default().failure_share(), 0.0);
    /// ```
    pub fn failure_share(&self) -> f64 {
        let unparsed: usize = self.unparsed.values().sum();
        let all = self.values + self.not_applicable + unparsed + self.failed;
        if all == 0 { 0.0 } else { self.failed as f64 / all as f64 }
    }
}
