//! Dynamic sampling: train on groups that can teach something.

use serde::Serialize;

use crate::error::{AlgoError, in_range, same_length};
use crate::groups::Groups;
use crate::rewards::Rewards;

/// Which groups have two rewards that differ.
///
/// keep_g = \[σ_g > 0\]
///
/// Yu et al., DAPO, arXiv 2503.14476: sample again until a batch is full of such groups.
///
/// By hand: rewards 1, 1 teach nothing; 1, 0 do.
///
/// ```
/// use rl_algos::{Groups, Rewards, shaping::informative_groups};
/// let rewards = Rewards::from_scores(&[1.0, 1.0, 1.0, 0.0])?;
/// assert_eq!(informative_groups(&rewards, &Groups::from_sizes(&[2, 2])?)?, [false, true]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn informative_groups(rewards: &Rewards, groups: &Groups) -> Result<Vec<bool>, AlgoError> {
    same_length("rewards", rewards.len(), groups.rows())?;
    Ok(groups.iter().map(|members| crate::advantage::spreads(rewards, members)).collect())
}

/// EasyR1's online filter: keep groups whose mean accuracy lies strictly inside a band.
///
/// keep_g = \[low < μ_g < high\]
///
/// ```
/// use rl_algos::{Groups, Rewards, shaping::AccuracyBand};
/// let accuracy = Rewards::from_scores(&[1.0, 1.0, 1.0, 0.0])?;
/// let band = AccuracyBand::new(0.01, 0.99)?;
/// assert_eq!(band.groups(&accuracy, &Groups::from_sizes(&[2, 2])?)?, [false, true]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AccuracyBand {
    low: f64,
    high: f64,
}

impl AccuracyBand {
    /// Accepts low < high.
    pub fn new(low: f64, high: f64) -> Result<Self, AlgoError> {
        in_range("lower accuracy", low, "a finite number", f64::is_finite)?;
        in_range("upper accuracy", high, "a finite number above the lower one", |v| {
            v.is_finite() && v > low
        })?;
        Ok(Self { low, high })
    }

    /// Which groups to keep; groups without a score are dropped.
    pub fn groups(&self, accuracy: &Rewards, groups: &Groups) -> Result<Vec<bool>, AlgoError> {
        same_length("accuracies", accuracy.len(), groups.rows())?;
        let mean = |members: &[usize]| {
            let scores = accuracy.present(members).collect::<Vec<_>>();
            scores.iter().sum::<f64>() / scores.len() as f64
        };
        Ok(groups.iter().map(mean).map(|mean| mean > self.low && mean < self.high).collect())
    }
}
