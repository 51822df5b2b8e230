//! Sums over questions: score with interval, rates, tables by category.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::judge::Verdict;
use crate::prediction::{Finish, Prediction};
use crate::stats::{Interval, bootstrap_mean, mean, wilson};

/// The score of some questions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many questions, failed ones included.
    pub questions: usize,
    /// Mean score; absent without questions.
    pub score: Option<f64>,
    /// 95 % interval of the score.
    pub interval: Option<Interval>,
    /// How the interval was computed.
    pub interval_kind: IntervalKind,
    /// Answers to all questions.
    pub responses: usize,
    /// Answers from which nothing could be read, cut ones included.
    pub unparsed: usize,
    /// Answers cut by the length limit.
    pub truncated: usize,
    /// Questions that got no answer because something failed; they count as wrong.
    pub failed: usize,
    /// Mean length of an answer in tokens, where lengths are known.
    pub mean_tokens: Option<f64>,
}

/// How an interval was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntervalKind {
    /// Wilson's, for questions that are right or wrong.
    Wilson,
    /// Percentiles of a bootstrap, for graded questions.
    Bootstrap,
}

/// Score of the questions of one category.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// How many questions.
    pub questions: usize,
    /// Mean score.
    pub score: f64,
    /// 95 % interval.
    pub interval: Option<Interval>,
}

/// Scores by grouping and category: `task` → `Count` → score.
pub type Tables = BTreeMap<String, BTreeMap<String, Cell>>;

impl Summary {
    /// The sums over `predictions`; the seed is that of the bootstrap.
    pub fn of(predictions: &[Prediction], seed: u64) -> Self {
        let scores: Vec<f64> = predictions.iter().map(|p| p.score).collect();
        let (interval, interval_kind) = interval(&scores, seed);
        let responses = || predictions.iter().flat_map(|p| &p.responses);
        let verdicts = || predictions.iter().flat_map(|p| &p.judged).map(|judged| judged.verdict);
        let lengths: Vec<f64> = responses().filter(|r| r.tokens > 0).map(|r| r.tokens as f64).collect();
        Self {
            questions: predictions.len(),
            score: mean(&scores),
            interval,
            interval_kind,
            responses: responses().count(),
            unparsed: verdicts().filter(|v| matches!(v, Verdict::Unparsed | Verdict::Truncated)).count(),
            truncated: responses().filter(|r| r.finish == Finish::Length).count(),
            failed: predictions.iter().filter(|p| p.error.is_some()).count(),
            mean_tokens: mean(&lengths),
        }
    }
}

/// Wilson's interval where every question is right or wrong, else the bootstrap's.
fn interval(scores: &[f64], seed: u64) -> (Option<Interval>, IntervalKind) {
    if scores.iter().all(|score| *score == 0.0 || *score == 1.0) {
        let right = scores.iter().filter(|score| **score == 1.0).count();
        return (wilson(right, scores.len()), IntervalKind::Wilson);
    }
    (bootstrap_mean(scores, seed), IntervalKind::Bootstrap)
}

/// The scores of each category of each grouping.
pub fn tables(predictions: &[Prediction], seed: u64) -> Tables {
    let mut scores: BTreeMap<String, BTreeMap<String, Vec<f64>>> = BTreeMap::new();
    for prediction in predictions {
        for (facet, value) in &prediction.facets {
            scores.entry(facet.clone()).or_default().entry(value.clone()).or_default().push(prediction.score);
        }
    }
    let cell = |scores: Vec<f64>| Cell {
        questions: scores.len(),
        score: mean(&scores).unwrap_or(0.0),
        interval: interval(&scores, seed).0,
    };
    let table = |values: BTreeMap<String, Vec<f64>>| values.into_iter().map(|(k, v)| (k, cell(v))).collect();
    scores.into_iter().map(|(facet, values)| (facet, table(values))).collect()
}

/// The mean score of the questions whose facet has this value; `None` where there are none.
///
/// ```
/// assert_eq!(eval::score_where(&[], "source", "COCO"), None);
/// ```
pub fn score_where(predictions: &[Prediction], facet: &str, value: &str) -> Option<f64> {
    let matching = predictions.iter().filter(|p| p.facets.get(facet).is_some_and(|found| found == value));
    mean(&matching.map(|p| p.score).collect::<Vec<_>>())
}
