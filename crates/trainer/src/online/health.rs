//! Rewards that fail: a few are a nuisance, many make a run worthless.

use super::generate::Asked;
use super::task::Task;
use rewards::{GroupReport, Outcome, RewardError};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Generations that are looked at together.
const WINDOW: usize = 10;
/// Largest share of failed verdicts in the window.
const LIMIT: f64 = 0.2;

/// Failed and all verdicts of the last generations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardHealth(VecDeque<(usize, usize)>);

/// Rewards that fail so much that nothing worth having is learned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadRewards {
    /// From the start, no completion was judged by any reward.
    #[error(
        "none of the {completions} completions of a generation got a reward, so there is nothing to learn from; row {row:?}, \
         reward {reward}: {reason}. Fix the reward or its data"
    )]
    Unscored {
        /// Completions of the generation.
        completions: usize,
        /// The first row.
        row: String,
        /// The reward that failed on it.
        reward: String,
        /// Why.
        reason: String,
    },
    /// Too many verdicts have failed.
    #[error(
        "{failed} of {all} verdicts of the last {generations} generations failed, expected at most one in five; the first reason: \
         {reason}. Fix the reward or its data"
    )]
    Often {
        /// Failed verdicts.
        failed: usize,
        /// All verdicts.
        all: usize,
        /// Generations looked at.
        generations: usize,
        /// Why the first of them failed.
        reason: String,
    },
}

impl RewardHealth {
    /// Takes note of a generation; fails when nothing of it was judged nor of those before it, and when the window is full
    /// and too much of it is bad.
    pub fn note(&mut self, asked: &Asked, reports: &[GroupReport]) -> Result<(), BadRewards> {
        if self.0.iter().all(|(failed, all)| failed == all)
            && let Some(unscored) = unscored(asked, reports)
        {
            return Err(unscored);
        }
        let verdicts =
            || reports.iter().flat_map(|report| &report.judged).flat_map(|judged| &judged.outcomes);
        let reasons = || verdicts().filter_map(failure);
        self.0.push_back((reasons().count(), verdicts().count()));
        if self.0.len() > WINDOW {
            self.0.pop_front();
        }
        let (failed, all) = self.0.iter().fold((0, 0), |(a, b), (failed, all)| (a + failed, b + all));
        if self.0.len() < WINDOW || failed as f64 <= LIMIT * all as f64 {
            return Ok(());
        }
        let reason = reasons()
            .next()
            .map_or_else(|| "see the journal of earlier steps".to_owned(), ToString::to_string);
        Err(BadRewards::Often { failed, all, generations: self.0.len(), reason })
    }
}

/// The first failure of a generation in which no completion was scored. An arbiter that cannot be asked may come back: what
/// is done about it, the recipe says.
fn unscored(asked: &Asked, reports: &[GroupReport]) -> Option<BadRewards> {
    if reports.iter().flat_map(|report| &report.totals).any(Option::is_some) {
        return None;
    }
    let first = |(report, (_, task)): (&GroupReport, &(u64, Task))| {
        let lasting = |error: &&RewardError| !matches!(error, RewardError::Arbiter { .. });
        report.judged.iter().find_map(|judged| {
            let reason = judged.outcomes.iter().filter_map(failure).find(lasting)?;
            Some(BadRewards::Unscored {
                completions: reports.iter().map(|report| report.totals.len()).sum(),
                row: task.id().to_owned(),
                reward: judged.name.clone(),
                reason: reason.to_string(),
            })
        })
    };
    reports.iter().zip(asked).find_map(first)
}

fn failure(outcome: &Outcome) -> Option<&RewardError> {
    match outcome {
        Outcome::Failed(error) => Some(error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rewards::{Group, MathAccuracy, RewardSet, Sample, ThinkAnswerFormat};
    use vlm_processor::Prompt;

    fn asked() -> Asked {
        let (tokens, ids, positions, visuals) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let prompt = Prompt { tokens, ids, positions, delta: 0, visuals };
        vec![(0, Task::new("seven".into(), prompt, Sample::default(), Vec::new()))]
    }

    fn judged(rewards: &RewardSet, sample: Sample) -> Vec<GroupReport> {
        vec![rewards.judge(&Group::of_texts(sample, [r"\boxed{1}"]))]
    }

    #[test]
    fn a_full_window_of_failures_ends_the_run_and_good_ones_do_not() {
        let rewards = RewardSet::new().with(MathAccuracy, 1.0).with(ThinkAnswerFormat::strict(), 1.0);
        let good = judged(&rewards, Sample::text("?", "1"));
        let bad = judged(&rewards, Sample::default());
        let mut health = RewardHealth::default();
        for _ in 0..WINDOW - 1 {
            assert_eq!(health.note(&asked(), &bad), Ok(()));
        }
        let error = health.note(&asked(), &bad).unwrap_err();
        assert!(matches!(error, BadRewards::Often { failed: 10, all: 20, .. }), "{error}");
        for _ in 0..8 {
            let _ = health.note(&asked(), &good);
        }
        assert_eq!(health.note(&asked(), &good), Ok(()), "one bad verdict in twenty is tolerated");
    }

    #[test]
    fn a_generation_without_any_reward_ends_the_run_at_once_with_row_reward_and_reason() {
        let bad = judged(&RewardSet::new().with(MathAccuracy, 1.0), Sample::default());
        let told = RewardHealth::default().note(&asked(), &bad).unwrap_err().to_string();
        for word in ["none of the 1 completions", "row \"seven\"", "reward math_accuracy", "is missing"] {
            assert!(told.contains(word), "{word}: {told}");
        }
    }
}
