//! Agreement with annotators.

use rewards::{VqaRule, first_block, normalise_answer, vqa_accuracy};
use serde::{Deserialize, Serialize};

use super::stem::porter_stem;
use super::{Judgement, Verdict};

/// How replies are compared with the annotators' answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VqaJudge {
    /// When answers are normalised.
    pub normalise: VqaAnnotators,
    /// Whether words are reduced to their stems.
    pub stemming: Stemming,
    /// Which part of the reply is the answer.
    pub reply: VqaReply,
}

/// When answers are normalised before they are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VqaAnnotators {
    /// Always.
    #[default]
    Always,
    /// Only when the annotators differ, as the official tool does.
    WhenTheyDiffer,
}

/// Whether words are reduced to their stems. Stems score higher; never mix the two in one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stemming {
    /// Words as they are.
    #[default]
    None,
    /// Porter's stems of every word of prediction and answers, as the OK-VQA paper merges annotators' answers.
    Porter,
}

/// Which part of the reply is the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VqaReply {
    /// The answer block where there is one, else all of it.
    #[default]
    Whole,
    /// The part before a model goes on with the next example of its prompt; see [`few_shot_answer`].
    FewShot,
}

impl VqaJudge {
    /// Judges one reply.
    pub(super) fn judge(self, reply: &str, answers: &[String]) -> Judgement {
        let answer = match self.reply {
            VqaReply::Whole => first_block(reply, "answer").unwrap_or(reply).trim(),
            VqaReply::FewShot => few_shot_answer(reply),
        };
        if answer.is_empty() {
            return Judgement::unparsed();
        }
        let verdict = Verdict::graded(self.accuracy(answer, answers));
        Judgement { verdict, answer: Some(answer.to_owned()) }
    }

    /// acc = mean over annotators i of min(1, mᵢ/3), mᵢ the number of other annotators who gave the prediction.
    ///
    /// ```
    /// use eval::judge::{Stemming, VqaJudge};
    /// let answers = ["racing", "races", "race", "race"].map(String::from);
    /// let stemmed = VqaJudge { stemming: Stemming::Porter, ..VqaJudge::default() };
    /// assert!((stemmed.accuracy("race", &answers) - 1.0).abs() < 1e-12);
    /// assert!(VqaJudge::default().accuracy("race", &answers) < 0.6);
    /// ```
    pub fn accuracy(self, prediction: &str, answers: &[String]) -> f64 {
        let rule = match self.normalise {
            VqaAnnotators::Always => VqaRule::Always,
            VqaAnnotators::WhenTheyDiffer => VqaRule::WhenAnnotatorsDiffer,
        };
        match self.stemming {
            Stemming::None => vqa_accuracy(prediction, answers, rule),
            Stemming::Porter => {
                let answers: Vec<String> = answers.iter().map(|answer| stemmed(answer)).collect();
                vqa_accuracy(&stemmed(prediction), &answers, rule)
            }
        }
    }
}

fn stemmed(answer: &str) -> String {
    normalise_answer(answer).split(' ').map(porter_stem).collect::<Vec<_>>().join(" ")
}

/// The answer at the start of a few-shot continuation: cut before the first of "Question", "Answer" and "Short", then
/// before the first comma with a blank, then trimmed.
///
/// ```
/// use eval::judge::few_shot_answer;
/// assert_eq!(few_shot_answer("dog Question: what"), "dog");
/// assert_eq!(few_shot_answer("red, blue"), "red");
/// assert_eq!(few_shot_answer("a Short answer"), "a");
/// assert_eq!(few_shot_answer("Shorts"), "");
/// ```
pub fn few_shot_answer(reply: &str) -> &str {
    let next = ["Question", "Answer", "Short"].iter().filter_map(|word| reply.find(word)).min();
    let answer = &reply[..next.unwrap_or(reply.len())];
    answer.split(", ").next().unwrap_or(answer).trim()
}
