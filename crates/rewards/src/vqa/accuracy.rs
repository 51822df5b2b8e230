//! Accuracy against several annotators.

use super::normal::{flat, normalise_answer};
use crate::reward::with_gold;
use crate::{Group, Outcome, RewardError, RewardFn, Sample};

/// When answers are normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VqaRule {
    /// Always.
    #[default]
    Always,
    /// Only when the annotators differ, as the official script does.
    WhenAnnotatorsDiffer,
}

/// acc = mean over annotators i of min(1, mᵢ/3), where mᵢ counts the *other* annotators who gave the prediction.
/// A single annotator therefore gives 0.
///
/// ```
/// use rewards::{VqaRule, vqa_accuracy};
/// let answers: Vec<String> = ["dog", "dog", "cat", "cat", "cat", "cat", "cat", "cat", "cat", "cat"].map(String::from).into();
/// assert!((vqa_accuracy("Dog.", &answers, VqaRule::Always) - 0.6).abs() < 1e-12);
/// ```
pub fn vqa_accuracy(prediction: &str, answers: &[String], rule: VqaRule) -> f64 {
    let differ = || answers.windows(2).any(|pair| flat(&pair[0]) != flat(&pair[1]));
    let normal = |text: &str| match rule {
        VqaRule::WhenAnnotatorsDiffer if !differ() => flat(text),
        _ => normalise_answer(text),
    };
    let prediction = normal(prediction);
    let matches: Vec<bool> = answers.iter().map(|answer| normal(answer) == prediction).collect();
    let all = matches.iter().filter(|m| **m).count();
    let score = |own: &bool| ((all - usize::from(*own)) as f64 / 3.0).min(1.0);
    if answers.is_empty() { 0.0 } else { matches.iter().map(score).sum::<f64>() / answers.len() as f64 }
}

/// VQA accuracy in \[0, 1\]; the gold answer is the list of the annotators' answers.
///
/// ```
/// use rewards::{Gold, Group, RewardFn, Sample, VqaAccuracy};
/// let sample = Sample { gold: Gold::Answers(vec!["two".into(); 10]), ..Sample::default() };
/// assert_eq!(VqaAccuracy::default().judge(&Group::of_texts(sample, ["2"]))[0].value(), Some(1.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct VqaAccuracy {
    rule: VqaRule,
}

impl VqaAccuracy {
    /// Accuracy under one rule.
    ///
    /// ```
    /// use rewards::{RewardFn, VqaAccuracy, VqaRule};
    /// assert_eq!(VqaAccuracy::new(VqaRule::Always).name(), "vqa_accuracy");
    /// ```
    pub const fn new(rule: VqaRule) -> Self {
        Self { rule }
    }
}

impl RewardFn for VqaAccuracy {
    fn name(&self) -> &str {
        "vqa_accuracy"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let score =
            |text: &str, answers: &[String]| Outcome::from_f64(vqa_accuracy(text, answers, self.rule));
        with_gold(group, Sample::gold_answers, |answers| {
            group.completions().iter().map(|c| score(&c.text, answers)).collect()
        })
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        sample.gold_answers().map(drop)
    }
}
