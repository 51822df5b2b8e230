//! Visual spatial reasoning (Liu, Emerson and Collier, 2023): is a caption about an image true?

use datasets::Record;

use super::{Benchmark, Official, facets};
use crate::EvalSampling;
use crate::judge::{AnswerKey, Judge, Verdict, truth_value};
use crate::prediction::Prediction;
use crate::question::{Question, QuestionError};

/// The benchmark.
pub(super) struct Vsr;

impl Benchmark for Vsr {
    fn name(&self) -> &str {
        "vsr"
    }

    fn prompt(&self) -> &str {
        "Is the following statement about the image true or false? Statement: \"{caption}\" Answer with only TRUE or FALSE."
    }

    fn judge(&self) -> Judge {
        Judge::TrueFalse
    }

    fn settings(&self) -> Vec<EvalSampling> {
        vec![EvalSampling::greedy(256)]
    }

    fn question(&self, record: Record) -> Result<Question, QuestionError> {
        let Record::Vqa(row) = record else {
            return Err(QuestionError::kind(self.name(), &record, "a caption with a label"));
        };
        let truth = row
            .answer
            .as_deref()
            .and_then(truth_value)
            .ok_or_else(|| QuestionError::new(self.name(), &row.id, "no label", "TRUE or FALSE"))?;
        let mut facets = facets(&row.extra, &[("relation", "relation")]);
        let category = facets.get("relation").and_then(|relation| category(relation));
        facets.extend(category.map(|category| ("category".to_owned(), category.to_owned())));
        let messages = vec![row.visuals.user_turn(row.question)];
        Ok(Question { id: row.id, messages, visuals: row.visuals, key: AnswerKey::Truth(truth), facets })
    }

    /// Accuracy, and F1 of the class "true": 2·TP / (2·TP + FP + FN).
    fn official(&self, predictions: &[Prediction]) -> Official {
        let mut counts = [0usize; 3];
        for prediction in predictions {
            let said = prediction
                .judged
                .first()
                .filter(|j| j.verdict != Verdict::Unparsed)
                .and_then(|j| j.answer.as_deref());
            match (said, &prediction.key) {
                (Some("true"), AnswerKey::Truth(true)) => counts[0] += 1,
                (Some("true"), AnswerKey::Truth(false)) => counts[1] += 1,
                (_, AnswerKey::Truth(true)) => counts[2] += 1,
                _ => {}
            }
        }
        let [hit, false_alarm, miss] = counts.map(|count| count as f64);
        let mut official = Official::default();
        let all = 2.0 * hit + false_alarm + miss;
        official.put("f1_true", (all > 0.0).then(|| 2.0 * hit / all));
        official
    }
}

/// The seven kinds of relation of the paper.
const CATEGORIES: [(&str, &[&str]); 7] = [
    (
        "adjacency",
        &[
            "adjacent to",
            "alongside",
            "at the side of",
            "at the right side of",
            "at the left side of",
            "attached to",
            "at the back of",
            "ahead of",
            "against",
            "at the edge of",
        ],
    ),
    (
        "directional",
        &[
            "off",
            "past",
            "toward",
            "down",
            "deep down",
            "up",
            "away from",
            "along",
            "around",
            "from",
            "into",
            "to",
            "across",
            "across from",
            "through",
            "down from",
        ],
    ),
    ("orientation", &["facing", "facing away from", "parallel to", "perpendicular to"]),
    (
        "projective",
        &[
            "on top of",
            "beneath",
            "beside",
            "behind",
            "left of",
            "right of",
            "under",
            "in front of",
            "below",
            "above",
            "over",
            "in the middle of",
        ],
    ),
    ("proximity", &["by", "close to", "near", "far from", "far away from"]),
    (
        "topological",
        &[
            "connected to",
            "detached from",
            "has as a part",
            "part of",
            "contains",
            "within",
            "at",
            "on",
            "in",
            "with",
            "surrounding",
            "consists of",
            "out of",
            "between",
            "inside",
            "outside",
            "touching",
        ],
    ),
    ("unallocated", &["beyond", "next to", "opposite to", "after", "among", "enclosed by"]),
];

fn category(relation: &str) -> Option<&'static str> {
    let relation = relation.trim().to_lowercase();
    CATEGORIES.iter().find(|(_, relations)| relations.contains(&relation.as_str())).map(|(name, _)| *name)
}
