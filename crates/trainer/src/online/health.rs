//! Rewards that fail: a few are a nuisance, many make a run worthless.

use rewards::GroupReport;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Generations that are looked at together.
const WINDOW: usize = 10;
/// Largest share of failed verdicts in the window.
const LIMIT: f64 = 0.2;

/// Failed and all verdicts of the last generations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardHealth(VecDeque<(usize, usize)>);

/// Too many verdicts have failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{failed} of {all} verdicts of the last {generations} generations failed, expected at most one in five; the first reason: \
     {reason}. Fix the reward or its data and go on with `--resume latest`"
)]
pub struct BadRewards {
    /// Failed verdicts.
    pub failed: usize,
    /// All verdicts.
    pub all: usize,
    /// Generations looked at.
    pub generations: usize,
    /// Why the first of them failed.
    pub reason: String,
}

impl RewardHealth {
    /// Takes note of a generation; fails when the window is full and too much of it is bad.
    pub fn note(&mut self, reports: &[GroupReport]) -> Result<(), BadRewards> {
        let verdicts =
            || reports.iter().flat_map(|report| &report.judged).flat_map(|judged| &judged.outcomes);
        let reasons = || {
            verdicts().filter_map(|outcome| match outcome {
                rewards::Outcome::Failed(error) => Some(error.to_string()),
                _ => None,
            })
        };
        self.0.push_back((reasons().count(), verdicts().count()));
        if self.0.len() > WINDOW {
            self.0.pop_front();
        }
        let (failed, all) = self.0.iter().fold((0, 0), |(a, b), (failed, all)| (a + failed, b + all));
        if self.0.len() < WINDOW || failed as f64 <= LIMIT * all as f64 {
            return Ok(());
        }
        let reason = reasons().next().unwrap_or_else(|| "see the journal of earlier steps".to_owned());
        Err(BadRewards { failed, all, generations: self.0.len(), reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rewards::{Group, MathAccuracy, RewardSet, Sample};

    #[test]
    fn a_full_window_of_failures_ends_the_run_and_good_ones_do_not() {
        let rewards = RewardSet::new().with(MathAccuracy, 1.0);
        let judged = |sample: Sample| vec![rewards.judge(&Group::of_texts(sample, [r"\boxed{1}"]))];
        let (good, bad) = (judged(Sample::text("?", "1")), judged(Sample::default()));
        let mut health = RewardHealth::default();
        for _ in 0..WINDOW - 1 {
            assert_eq!(health.note(&bad), Ok(()));
        }
        let error = health.note(&bad).unwrap_err();
        assert_eq!((error.failed, error.all), (10, 10));
        for _ in 0..8 {
            let _ = health.note(&good);
        }
        assert_eq!(health.note(&good), Ok(()), "one bad verdict in ten is tolerated");
    }
}
