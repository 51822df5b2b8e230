//! What a reader of the curves should look at twice.

use super::panels::curve;
use super::run::Run;
use super::scale::short;

/// A metric, when its last value is worrying, and what to do about it.
struct Check {
    keys: &'static [&'static str],
    worrying: fn(f64) -> bool,
    advice: &'static str,
}

const CHECKS: [Check; 5] = [
    Check {
        keys: &["completions/clipped_ratio", "response/length_clip_ratio"],
        worrying: |value| value > 0.2,
        advice: "of the completions are cut by the length limit: raise max_completion_length",
    },
    Check {
        keys: &["kl", "training/kl"],
        worrying: |value| value > 0.5,
        advice: "is far from the reference: raise beta or lower the learning rate",
    },
    Check {
        keys: &["training/entropy_full", "entropy"],
        worrying: |value| value < 0.05,
        advice: "means that samples hardly differ: raise the temperature or lower the learning rate",
    },
    Check {
        keys: &["rews/language_rewards", "rewards/language/mean"],
        worrying: |value| value < -0.01,
        advice: "shows that the language drifts",
    },
    Check {
        keys: &["frac_reward_zero_std"],
        worrying: |value| value > 0.5,
        advice: "of the groups have equal rewards and teach nothing: choose harder or easier prompts",
    },
];

/// Sentences about the last values. They are words only; nothing stops because of them.
pub(super) fn about(runs: &[Run]) -> Vec<String> {
    let mut notes: Vec<String> = CHECKS.iter().filter_map(|check| check.note(runs)).collect();
    notes.extend(overfitting(runs));
    notes
}

impl Check {
    fn note(&self, runs: &[Run]) -> Option<String> {
        self.keys.iter().find_map(|key| {
            let last = curve(runs, key).last().filter(|last| (self.worrying)(*last))?;
            Some(format!("{key} = {} {}", short(last), self.advice))
        })
    }
}

/// Accuracy that rose on the training set, and not on the validation set, for five epochs.
fn overfitting(runs: &[Run]) -> Option<String> {
    const EPOCHS: usize = 5;
    let keys = || runs.iter().flat_map(|run| &run.metrics).flat_map(|line| line.values.keys());
    let train = keys().find(|key| key.starts_with("acc/Training"))?;
    let validation = keys().find(|key| key.starts_with("acc/Validation") && key.contains("0.01"))?;
    let gain = |key: &str| {
        let points = curve(runs, key).points;
        let from = points.len().checked_sub(EPOCHS + 1)?;
        Some(points.last()?.y - points[from].y)
    };
    let overfits = gain(train)? > 0.0 && gain(validation)? <= 0.0;
    overfits.then(|| {
        format!("accuracy rose on the training set and not on the validation set for {EPOCHS} epochs")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::run::tests::run_of;

    #[test]
    fn only_worrying_values_are_mentioned() {
        assert_eq!(
            about(&[run_of(&[("kl", 0.1), ("completions/clipped_ratio", 0.2)])]),
            Vec::<String>::new()
        );
        let notes = about(&[run_of(&[("kl", 0.6), ("completions/clipped_ratio", 0.21), ("entropy", 0.01)])]);
        assert_eq!(notes.len(), 3);
        assert!(notes[0].starts_with("completions/clipped_ratio = 0.21"));
    }
}
