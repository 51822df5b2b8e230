//! The spatial reward.

use std::collections::BTreeSet;

use super::relations::{RelationMatch, named};
use crate::reward::against_gold;
use crate::{Component, Finite, Group, Outcome, RewardError, RewardFn, Sample};

/// Weights of the parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpatialWeights {
    /// Weight of the exact match.
    pub exact: f64,
    /// Weight of the relations, and of the partial match where there is no exact one.
    pub spatial: f64,
    /// Weight of the format.
    pub format: f64,
}

impl Default for SpatialWeights {
    fn default() -> Self {
        Self { exact: 0.5, spatial: 0.3, format: 0.2 }
    }
}

/// The weight of the partial match; not configurable, as published.
const PARTIAL_WEIGHT: f64 = 0.3;

/// The parts of one score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpatialScore {
    /// 1 when the texts are equal up to case, blanks and a final `.!?`.
    pub exact: f64,
    /// F1 of the word sets.
    pub partial: f64,
    /// Share of the gold relations that are named.
    pub spatial: f64,
    /// Whether length and variety are those of an answer.
    pub format: f64,
    /// The reward.
    pub total: f64,
}

/// raw = w₁·exact + w₂·spatial + w₃·format + \[not exact\]·0.3·partial, and r = clamp(2·raw − 1, −1, 1).
///
/// ```
/// use rewards::SpatialReward;
/// let score = SpatialReward::default().score("The cat is right of the box.", "The cat is left of the box.");
/// assert!((score.total + 0.1).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SpatialReward {
    weights: SpatialWeights,
    relations: RelationMatch,
}

impl SpatialReward {
    /// The reward with other weights or another rule for relations.
    ///
    /// ```
    /// use rewards::{RelationMatch, SpatialReward, SpatialWeights};
    /// let published = SpatialReward::new(SpatialWeights::default(), RelationMatch::Substring);
    /// let score = published.score("The monitor faces the front.", "true");
    /// assert!((score.total + 0.3).abs() < 1e-6);
    /// ```
    pub const fn new(weights: SpatialWeights, relations: RelationMatch) -> Self {
        Self { weights, relations }
    }

    /// Scores one completion against one gold answer.
    ///
    /// ```
    /// assert_eq!(rewards::SpatialReward::default().score("left", "left").exact, 1.0);
    /// ```
    pub fn score(&self, completion: &str, gold: &str) -> SpatialScore {
        let (c, g) = (completion.trim().to_lowercase(), gold.trim().to_lowercase());
        let exact = f64::from(collapsed(&c) == collapsed(&g));
        let partial = word_f1(&c, &g);
        let spatial = self.relations(&c, &g);
        let format = format(&c);
        let w = self.weights;
        let raw = w.exact * exact
            + w.spatial * spatial
            + w.format * format
            + (1.0 - exact) * PARTIAL_WEIGHT * partial;
        SpatialScore { exact, partial, spatial, format, total: (2.0 * raw - 1.0).clamp(-1.0, 1.0) }
    }

    fn relations(&self, completion: &str, gold: &str) -> f64 {
        let (said, wanted) = (named(completion, self.relations), named(gold, self.relations));
        match (said, wanted) {
            (0, 0) => 1.0,
            (_, 0) => 0.5,
            _ => f64::from((said & wanted).count_ones()) / f64::from(wanted.count_ones()),
        }
    }
}

fn collapsed(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .trim_end_matches(['.', '!', '?'])
        .trim_end()
        .to_owned()
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace()
        .map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|w| !w.is_empty())
        .collect()
}

/// F1 = 2·|A∩B| / (|A| + |B|); 0 when the gold text has no words.
fn word_f1(completion: &str, gold: &str) -> f64 {
    let (a, b) = (words(completion), words(gold));
    let shared = a.intersection(&b).count();
    if shared == 0 { 0.0 } else { 2.0 * shared as f64 / (a.len() + b.len()) as f64 }
}

fn format(text: &str) -> f64 {
    let length = text.chars().count();
    if length < 5 {
        return 0.3;
    }
    if length > 500 {
        return 0.7;
    }
    let all: Vec<&str> = text.split_whitespace().collect();
    let distinct = all.iter().collect::<BTreeSet<_>>().len();
    if all.len() > 3 && (distinct as f64) < 0.3 * all.len() as f64 { 0.3 } else { 1.0 }
}

impl RewardFn for SpatialReward {
    fn name(&self) -> &str {
        "spatial"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        against_gold(group, |text, gold| Outcome::from_f64(self.score(text, gold).total))
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        sample.gold_text().map(drop)
    }

    fn components(&self, group: &Group) -> Vec<Component> {
        let Ok(gold) = Sample::gold_text(group.sample()) else { return Vec::new() };
        let scores: Vec<_> = group.completions().iter().map(|c| self.score(&c.text, gold)).collect();
        let part = |name, value: fn(&SpatialScore) -> f64| {
            let values = scores.iter().filter_map(|score| Finite::new(value(score))).collect();
            Component { name, values }
        };
        vec![
            part("exact", |s| s.exact),
            part("partial", |s| s.partial),
            part("spatial", |s| s.spatial),
            part("format", |s| s.format),
        ]
    }
}
