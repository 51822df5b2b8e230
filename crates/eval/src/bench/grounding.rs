//! Objects to locate by a phrase.

use datasets::{GroundTruth, Record};
use vlm_processor::{Message, Part};

use super::{Benchmark, Official};
use crate::EvalSampling;
use crate::judge::{AnswerKey, Judge, boxes_of};
use crate::prediction::{Facets, Prediction};
use crate::question::{Question, QuestionError};
use crate::stats::mean;

/// The benchmark.
pub(super) struct Grounding;

const PROMPT: &str = "Locate \"{question}\" in the picture. Compare the candidate objects and choose those that fit best. Reason \
    between <think> and </think>. Then give, between <answer> and </answer>, a JSON list with one entry per object: its box as left, \
    top, right, bottom, and one point inside it.\nLayout: <think> reasoning </think><answer>[{\"bbox_2d\": [12,40,180,220], \
    \"point_2d\": [90,130]}, {\"bbox_2d\": [300,60,420,200], \"point_2d\": [355,120]}]</answer>";

impl Benchmark for Grounding {
    fn name(&self) -> &str {
        "grounding"
    }

    fn prompt(&self) -> &str {
        PROMPT
    }

    fn judge(&self) -> Judge {
        Judge::Boxes
    }

    fn settings(&self) -> Vec<EvalSampling> {
        vec![EvalSampling::greedy(2000)]
    }

    fn question(&self, record: Record) -> Result<Question, QuestionError> {
        let Record::RlPrompt(row) = record else {
            return Err(QuestionError::kind(self.name(), &record, "a phrase with boxes"));
        };
        let truth = match &row.ground_truth {
            Some(GroundTruth::Text(truth)) => boxes_of(truth),
            _ => None,
        };
        let Some(boxes) = truth else {
            return Err(QuestionError::new(self.name(), &row.id, "no boxes", "a JSON list of boxes"));
        };
        let phrase = phrase(&row.prompt);
        let messages = vec![row.visuals.user_turn(PROMPT.replacen("{question}", &phrase, 1))];
        Ok(Question {
            id: row.id,
            messages,
            visuals: row.visuals,
            key: AnswerKey::Boxes(boxes),
            facets: Facets::new(),
        })
    }

    /// The share of questions whose overlap is above one half.
    fn official(&self, predictions: &[Prediction]) -> Official {
        let above = |p: &Prediction| f64::from(u8::from(p.score > 0.5));
        let mut official = Official::default();
        official.put("iou_above_0.5", mean(&predictions.iter().map(above).collect::<Vec<_>>()));
        official
    }
}

/// What to locate, lower-cased and without outer dots.
fn phrase(prompt: &[Message]) -> String {
    let texts = prompt.iter().flat_map(|message| match &message.content {
        vlm_processor::Content::Text(text) => vec![text.as_str()],
        vlm_processor::Content::Parts(parts) => parts
            .iter()
            .filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
            .collect(),
    });
    texts.collect::<Vec<_>>().join(" ").trim().trim_matches('.').trim().to_lowercase()
}
