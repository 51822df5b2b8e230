//! CV-Bench (Tong et al., "Cambrian-1", 2024): options about images of ADE20K, COCO and Omni3D.

use datasets::{Choice, Record};

use super::{Benchmark, Official, facets};
use crate::EvalSampling;
use crate::judge::{AnswerKey, ChoiceKey, Judge};
use crate::prediction::Prediction;
use crate::question::{Question, QuestionError};
use crate::stats::mean;
use crate::tally::score_where;

/// The benchmark.
pub(super) struct CvBench;

const SUFFIX: &str = "\nAnswer with only the letter of your choice.";

impl Benchmark for CvBench {
    fn name(&self) -> &str {
        "cv-bench"
    }

    fn prompt(&self) -> &str {
        "{prompt}\nAnswer with only the letter of your choice."
    }

    fn judge(&self) -> Judge {
        Judge::Choice
    }

    fn settings(&self) -> Vec<EvalSampling> {
        vec![EvalSampling::greedy(256)]
    }

    fn question(&self, record: Record) -> Result<Question, QuestionError> {
        let Record::MultipleChoice(row) = record else {
            return Err(QuestionError::kind(self.name(), &record, "a question with options"));
        };
        let key = choice_key(self.name(), &row.id, row.answer, &row.choices)?;
        let facets = facets(&row.extra, &[("task", "task"), ("source", "source"), ("type", "type")]);
        let messages = vec![row.visuals.user_turn(row.prompt_text() + SUFFIX)];
        Ok(Question { id: row.id, messages, visuals: row.visuals, key, facets })
    }

    /// acc_2D = (acc_ADE20K + acc_COCO)/2; acc_3D = acc_Omni3D; overall = (acc_2D + acc_3D)/2. A mean over a source that
    /// is not there uses what there is, and a note says so.
    fn official(&self, predictions: &[Prediction]) -> Official {
        let source = |name| score_where(predictions, "source", name);
        let (ade20k, coco, omni3d) = (source("ADE20K"), source("COCO"), source("Omni3D"));
        let known = |scores: &[Option<f64>]| mean(&scores.iter().copied().flatten().collect::<Vec<_>>());
        let flat = known(&[ade20k, coco]);
        let mut official = Official::default();
        official.put("acc_2d", flat);
        official.put("acc_3d", omni3d);
        official.put("overall", known(&[flat, omni3d]));
        official.put("micro", mean(&predictions.iter().map(|p| p.score).collect::<Vec<_>>()));
        let missing = [("ADE20K", ade20k), ("COCO", coco), ("Omni3D", omni3d)];
        let missing: Vec<&str> =
            missing.iter().filter(|(_, score)| score.is_none()).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            official.notes.push(format!("partial: no question from {}", missing.join(", ")));
        }
        official
    }
}

/// The key of a question with lettered options; letters without an option keep their place.
pub(super) fn choice_key(
    benchmark: &str,
    id: &str,
    answer: Option<char>,
    choices: &[Choice],
) -> Result<AnswerKey, QuestionError> {
    let error =
        |found: &str| QuestionError::new(benchmark, id, found, "the letter of one of at least two options");
    let letter = answer.ok_or_else(|| error("no answer"))?;
    let place = |choice: &Choice| usize::from((choice.letter as u32).wrapping_sub(65) as u8);
    let last =
        choices.iter().map(place).max().filter(|last| *last < 26).ok_or_else(|| error("no options"))?;
    let mut options = vec![String::new(); last + 1];
    for choice in choices {
        options[place(choice)].clone_from(&choice.text);
    }
    ChoiceKey::new(letter, options).map(AnswerKey::Choice).ok_or_else(|| error("an answer that is no option"))
}
