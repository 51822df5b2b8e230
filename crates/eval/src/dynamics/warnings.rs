//! What a reader of the curves should look at twice.

use std::collections::BTreeMap;
use std::path::Path;

use journal::{EvalRecord, JournalError, MetricLine, read_evals, read_metrics};

use super::epoch_curves;
use crate::digits::short;
use crate::stats::mean;

/// A figure under the names it may have, when it is worrying, and what to do about it.
struct Check {
    keys: &'static [&'static str],
    limit: Limit,
    advice: &'static str,
}

enum Limit {
    Above(f64),
    Below(f64),
}

const CHECKS: [Check; 5] = [
    Check {
        keys: &["response/length_clip_ratio", "completions/clipped_ratio"],
        limit: Limit::Above(0.2),
        advice: "completions are cut by the length limit; raise max_completion_length (MAYE's max_tokens)",
    },
    Check {
        keys: &["kl", "training/kl"],
        limit: Limit::Above(0.5),
        advice: "the policy is far from the reference; raise the weight of the KL or lower the learning rate",
    },
    Check {
        keys: &["training/entropy_full", "entropy"],
        limit: Limit::Below(0.05),
        advice: "samples hardly differ; raise the temperature or lower the learning rate",
    },
    Check {
        keys: &["rews/language_rewards", "rewards/maye/language", "rewards/language_penalty/mean"],
        limit: Limit::Below(-0.01),
        advice: "the language drifts: responses hold ideographs",
    },
    Check {
        keys: &["frac_reward_zero_std"],
        limit: Limit::Above(0.5),
        advice: "groups have equal rewards and teach nothing; choose harder or easier prompts",
    },
];

/// Epochs in which accuracy on the training set may rise alone.
const EPOCHS: u64 = 5;

/// Sentences about the run in a folder that should make its owner look twice; none where all is well. They are words only:
/// nothing stops because of them.
///
/// | warning | when the mean over the last tenth of the logged steps is |
/// |---|---|
/// | completions are cut | above 0.2 of all |
/// | far from the reference | KL above 0.5 |
/// | samples hardly differ | entropy below 0.05 |
/// | the language drifts | language reward below −0.01 |
/// | groups teach nothing | above 0.5 of all, where a prompt has several completions |
///
/// and: accuracy on the training set is higher than 5 epochs before, on the validation set no epoch since has been better.
///
/// # Errors
/// [`JournalError`] when a log of the run is damaged.
///
/// ```
/// let run = tempfile::tempdir()?;
/// std::fs::write(run.path().join("metrics.jsonl"), "{\"step\": 1, \"response/length_clip_ratio\": 0.3}\n")?;
/// let warnings = eval::dynamics::warnings(run.path())?;
/// assert!(warnings[0].starts_with("response/length_clip_ratio is 0.3, above 0.2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn warnings(run: &Path) -> Result<Vec<String>, JournalError> {
    Ok(about(&read_metrics(run)?, &read_evals(run)?))
}

/// The same of logs that are read already.
pub(crate) fn about(metrics: &[MetricLine], evals: &[EvalRecord]) -> Vec<String> {
    let mut notes: Vec<String> = CHECKS.iter().filter_map(|check| check.note(metrics)).collect();
    notes.extend(overfitting(evals));
    notes
}

impl Check {
    fn note(&self, metrics: &[MetricLine]) -> Option<String> {
        let Self { keys, limit, advice } = self;
        // One completion to a prompt has none to differ from.
        if keys == &["frac_reward_zero_std"] && recent(metrics, "generation_steps").is_some() {
            return None;
        }
        keys.iter().find_map(|key| {
            let (value, steps) = recent(metrics, key)?;
            let (word, bound) = limit.passed_by(value)?;
            let over = if steps > 1 { format!(" over the last {steps} logged steps") } else { String::new() };
            Some(format!("{key} is {}{over}, {word} {}: {advice}", short(value), short(bound)))
        })
    }
}

impl Limit {
    fn passed_by(&self, value: f64) -> Option<(&'static str, f64)> {
        match *self {
            Self::Above(bound) => (value > bound).then_some(("above", bound)),
            Self::Below(bound) => (value < bound).then_some(("below", bound)),
        }
    }
}

/// The mean over the last tenth of the steps that logged a figure, and how many these are. Of a step that was logged twice,
/// by a resumed run say, the later value counts.
fn recent(metrics: &[MetricLine], key: &str) -> Option<(f64, usize)> {
    let values: BTreeMap<u64, f64> =
        metrics.iter().filter_map(|line| Some((line.step, *line.values.get(key)?))).collect();
    let steps = values.len().div_ceil(10);
    let last: Vec<f64> = values.into_values().rev().take(steps).collect();
    Some((mean(&last)?, steps))
}

/// Accuracy that rose on the training set, and not on the validation set, for five epochs.
fn overfitting(evals: &[EvalRecord]) -> Option<String> {
    let curves = epoch_curves(evals);
    let (_, train) = curves.iter().find(|(name, _)| name.starts_with("acc/Training Set"))?;
    let (last, after) = *train.last()?;
    let before = last.checked_sub(EPOCHS)?;
    let (_, start) = *train.iter().find(|(epoch, _)| *epoch == before)?;
    let stagnant = |(name, curve): (&String, &Vec<(u64, f64)>)| {
        let setting = name.strip_prefix("acc/Validation Set Epoch Accuracy ")?;
        let (_, known) = *curve.iter().find(|(epoch, _)| *epoch == before)?;
        let since = curve.iter().filter(|(epoch, _)| *epoch > before).map(|(_, accuracy)| *accuracy);
        let best = since.reduce(f64::max)?;
        (best <= known).then(|| setting.to_owned())
    };
    let settings: Vec<String> = curves.iter().filter_map(stagnant).collect();
    (after > start && !settings.is_empty()).then(|| {
        format!(
            "accuracy on the training set rose from {} to {} in {EPOCHS} epochs, and on the validation set no epoch since epoch \
             {before} was better ({}): the model learns its training set by heart; stop earlier, or train on more data",
            short(start),
            short(after),
            settings.join(", "),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(step: u64, values: &[(&str, f64)]) -> MetricLine {
        values.iter().fold(MetricLine::new(step), |line, (key, value)| line.with(*key, *value))
    }

    #[test]
    fn only_worrying_values_are_mentioned() {
        let good = [("kl", 0.5), ("completions/clipped_ratio", 0.2), ("entropy", 0.05)];
        assert_eq!(about(&[line(1, &good)], &[]), Vec::<String>::new());
        let bad = [
            ("kl", 0.6),
            ("completions/clipped_ratio", 0.21),
            ("entropy", 0.01),
            ("rews/language_rewards", -0.02),
            ("frac_reward_zero_std", 0.6),
        ];
        let notes = about(&[line(1, &bad)], &[]);
        assert_eq!(notes.len(), 5);
        assert!(notes[0].starts_with("completions/clipped_ratio is 0.21, above 0.2: completions are cut"));
        assert!(notes[2].starts_with("entropy is 0.01, below 0.05"), "{}", notes[2]);
    }

    #[test]
    fn a_single_completion_has_none_to_differ_from() {
        let of = |values: &[(&str, f64)]| about(&[line(1, values)], &[]).len();
        assert_eq!(of(&[("frac_reward_zero_std", 1.0)]), 1);
        assert_eq!(of(&[("frac_reward_zero_std", 1.0), ("generation_steps", 1.0)]), 0);
    }

    #[test]
    fn the_last_tenth_of_the_steps_decides() {
        let run = |late: f64| -> Vec<MetricLine> {
            (1..=40).map(|step| line(step, &[("kl", if step > 36 { late } else { 9.0 })])).collect()
        };
        assert_eq!(about(&run(0.1), &[]), Vec::<String>::new());
        assert!(about(&run(0.7), &[])[0].starts_with("kl is 0.7 over the last 4 logged steps, above 0.5"));
        let resumed = [line(1, &[("kl", 0.9)]), line(1, &[("kl", 0.1)])];
        assert_eq!(about(&resumed, &[]), Vec::<String>::new());
    }

    /// Accuracies after the epochs, on the training set from 1 and on the validation set from 0.
    fn epochs(training: &[f64], validation: &[f64]) -> Vec<EvalRecord> {
        let record = |name: &str, epoch: usize, value: f64| EvalRecord {
            stage: format!("epoch {epoch}"),
            metrics: [(name.to_owned(), value)].into(),
            ..EvalRecord::default()
        };
        let low = "acc/Validation Set Epoch Accuracy pass@1 Temperature=0.01";
        let training = training.iter().enumerate();
        let training = training.map(|(at, value)| record("acc/Training Set Epoch Accuracy", at + 1, *value));
        training.chain(validation.iter().enumerate().map(|(at, value)| record(low, at, *value))).collect()
    }

    #[test]
    fn a_training_set_learnt_by_heart_is_mentioned_after_five_epochs() {
        let rising = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
        let flat = [0.1, 0.3, 0.2, 0.3, 0.1, 0.2, 0.3];
        let note = &about(&[], &epochs(&rising, &flat))[0];
        assert!(note.contains("from 0.1 to 0.6 in 5 epochs") && note.contains("since epoch 1"), "{note}");
        assert!(note.contains("pass@1 Temperature=0.01"), "{note}");
        let better = [0.1, 0.3, 0.2, 0.31, 0.1, 0.2, 0.3];
        let falling = [0.6, 0.5, 0.4, 0.3, 0.2, 0.1];
        for (training, validation) in
            [(&rising[..], &better[..]), (&falling, &flat), (&rising[..5], &flat[..6]), (&rising, &[])]
        {
            assert_eq!(about(&[], &epochs(training, validation)), Vec::<String>::new());
        }
    }
}
