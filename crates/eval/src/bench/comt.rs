//! CoMT (Cheng et al., 2025): questions whose answers come after "final answer".

use datasets::Record;

use super::{Benchmark, facets};
use crate::EvalSampling;
use crate::judge::{AnswerKey, Judge};
use crate::question::{Question, QuestionError};

/// The benchmark.
pub(super) struct Comt;

impl Benchmark for Comt {
    fn name(&self) -> &str {
        "comt"
    }

    fn prompt(&self) -> &str {
        "{text_input}"
    }

    fn judge(&self) -> Judge {
        Judge::FinalAnswer
    }

    fn settings(&self) -> Vec<EvalSampling> {
        vec![EvalSampling::greedy(4096)]
    }

    fn question(&self, record: Record) -> Result<Question, QuestionError> {
        let Record::LatentPlan(row) = record else {
            return Err(QuestionError::kind(self.name(), &record, "an interleaved plan"));
        };
        let gold = row.final_answer.ok_or_else(|| {
            QuestionError::new(self.name(), &row.id, "no original_final_answer", "the final answer")
        })?;
        let facets = facets(&row.extra, &[("task", "task"), ("category", "category")]);
        let messages = vec![row.visuals.user_turn(row.question)];
        Ok(Question { id: row.id, messages, visuals: row.visuals, key: AnswerKey::Text(gold), facets })
    }
}
