//! ViRL39K (Wang et al., 2025): verifiable questions, answered after reasoning.

use datasets::{GroundTruth, Record};
use vlm_processor::{Message, Role};

use super::{Benchmark, facets};
use crate::EvalSampling;
use crate::judge::{AnswerKey, Judge};
use crate::question::{Question, QuestionError, with_suffix};

/// The benchmark.
pub(super) struct Virl;

const SUFFIX: &str = "\n\nWork the problem out first, then answer. Put your reasoning between <think> and </think> and only the \
    final result between <answer> and </answer>, with nothing before, between or after the two parts.\nWhile reasoning you may look \
    at the picture in more detail by writing a visual note, for example \"the depth map of the image is\" followed by its visual \
    tokens. Use a visual note only if the problem needs it.\nLayout: <think> reasoning </think><answer> result </answer>";

impl Benchmark for Virl {
    fn name(&self) -> &str {
        "virl"
    }

    fn prompt(&self) -> &str {
        SUFFIX
    }

    fn judge(&self) -> Judge {
        Judge::SameAnswer
    }

    fn settings(&self) -> Vec<EvalSampling> {
        vec![EvalSampling::greedy(2000)]
    }

    fn question(&self, record: Record) -> Result<Question, QuestionError> {
        let Record::RlPrompt(row) = record else {
            return Err(QuestionError::kind(self.name(), &record, "a question with a verifiable answer"));
        };
        let Some(GroundTruth::Text(truth)) = row.ground_truth else {
            return Err(QuestionError::new(self.name(), &row.id, "no answer", "one answer"));
        };
        let facets = facets(&row.extra, &[("category", "category"), ("source", "source")]);
        let mut messages = vec![Message::text(Role::System, "You are a helpful assistant.")];
        messages.extend(with_suffix(row.prompt, SUFFIX));
        Ok(Question { id: row.id, messages, visuals: row.visuals, key: AnswerKey::Text(truth), facets })
    }
}
