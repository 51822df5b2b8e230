//! One question with its answers and what they were found to be worth: a line of `predictions.jsonl`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::EvalSampling;
use crate::judge::{AnswerKey, Judge, Verdict};
use crate::stats::{mean, pass_at_k};

/// Groups that a question belongs to, by the name of the grouping: `task` → `Count`, `source` → `COCO`.
pub type Facets = BTreeMap<String, String>;

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// The model wrote its end token.
    #[default]
    Stop,
    /// The length limit cut it.
    Length,
}

/// One answer of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Its text, special tokens left out.
    pub text: String,
    /// Its tokens.
    pub tokens: usize,
    /// Why it ended.
    pub finish: Finish,
}

/// The verdict on a response, and the answer read from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The answer as it was read.
    pub answer: Option<String>,
}

/// A question with its answers and their verdicts: everything that scoring it again takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The question's id.
    pub id: String,
    /// The text of the prompt.
    pub prompt: String,
    /// Names of the pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// What counts as right.
    pub key: AnswerKey,
    /// Groups of the question.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facets: Facets,
    /// The answers; none when the question failed.
    pub responses: Vec<Response>,
    /// One verdict for each answer.
    pub judged: Vec<Judged>,
    /// The score of the question, from 0 to 1.
    pub score: f64,
    /// Why there is no answer; the question counts as wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Prediction {
    /// Judges the responses anew.
    #[must_use]
    pub fn scored(self, judge: Judge, sampling: &EvalSampling) -> Self {
        let judged: Vec<Judged> = self.responses.iter().map(|r| verdict(judge, r, &self.key)).collect();
        let score = question_score(&judged, sampling.pass_at);
        Self { judged, score, ..self }
    }

    /// Whether the question got full marks.
    pub fn is_solved(&self) -> bool {
        self.score >= 1.0
    }
}

fn verdict(judge: Judge, response: &Response, key: &AnswerKey) -> Judged {
    let judgement = judge.judge(&response.text, key);
    let verdict = match judgement.verdict {
        Verdict::Unparsed if response.finish == Finish::Length => Verdict::Truncated,
        verdict => verdict,
    };
    Judged { verdict, answer: judgement.answer }
}

/// pass@k over answers that are right or wrong; of graded answers the mean, or the best where k is more than 1.
fn question_score(judged: &[Judged], k: usize) -> f64 {
    let scores: Vec<f64> = judged.iter().map(|judged| judged.verdict.score()).collect();
    if judged.iter().any(|judged| matches!(judged.verdict, Verdict::Score(_))) {
        let best = scores.iter().copied().fold(0.0, f64::max);
        return if k > 1 { best } else { mean(&scores).unwrap_or(0.0) };
    }
    let correct = scores.iter().filter(|score| **score == 1.0).count();
    pass_at_k(scores.len(), correct, k.min(scores.len())).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(texts: &[&str], finish: Finish) -> Prediction {
        let response = |text: &&str| Response { text: (*text).to_owned(), tokens: 1, finish };
        Prediction {
            id: "1".into(),
            prompt: String::new(),
            images: vec![],
            key: AnswerKey::Truth(true),
            facets: Facets::new(),
            responses: texts.iter().map(response).collect(),
            judged: vec![],
            score: 0.0,
            error: None,
        }
    }

    #[test]
    fn an_answer_that_was_cut_before_it_came_is_truncated_and_not_unparsed() {
        let greedy = EvalSampling::greedy(4);
        let of = |texts, finish| asked(texts, finish).scored(Judge::TrueFalse, &greedy).judged[0].verdict;
        assert_eq!(of(&["Let me see"], Finish::Length), Verdict::Truncated);
        assert_eq!(of(&["Let me see"], Finish::Stop), Verdict::Unparsed);
        assert_eq!(of(&["True, because"], Finish::Length), Verdict::Correct);
    }

    #[test]
    fn any_right_answer_of_eight_solves_the_question_and_one_of_eight_samples_is_an_eighth() {
        let texts = ["false", "false", "true", "false", "false", "false", "false", "?"];
        let [low, _, high] = EvalSampling::maye();
        assert_eq!(asked(&texts, Finish::Stop).scored(Judge::TrueFalse, &high).score, 1.0);
        let score = asked(&texts, Finish::Stop).scored(Judge::TrueFalse, &low).score;
        assert!((score - 0.125).abs() < 1e-12);
        assert_eq!(asked(&[], Finish::Stop).scored(Judge::TrueFalse, &high).score, 0.0);
    }
}
