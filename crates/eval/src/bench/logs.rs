//! Video questions answered from a text log, as Logic-V does.

use datasets::{Record, Visuals};
use rewards::AnswerParser;
use vlm_processor::{Message, Role};

use super::cv_bench::choice_key;
use super::{Benchmark, facets};
use crate::EvalSampling;
use crate::judge::Judge;
use crate::question::{Question, QuestionError};

/// One of the benchmarks, asked with the log that a teacher wrote of the video.
pub(super) struct VideoLogs {
    name: &'static str,
}

impl VideoLogs {
    pub(super) const EGO_SCHEMA: Self = Self { name: "egoschema-log" };
    pub(super) const URBAN_VIDEO: Self = Self { name: "urbanvideo-log" };
}

const SYSTEM: &str = "You are a careful analyst of videos described in words. Read the log, reason, and choose one option.\n\
    Layout of your reply: your reasoning between <think> and </think>, using events in the log and ruling options out; then one \
    letter between <answer> and </answer>.";

impl Benchmark for VideoLogs {
    fn name(&self) -> &str {
        self.name
    }

    fn prompt(&self) -> &str {
        SYSTEM
    }

    fn judge(&self) -> Judge {
        Judge::Letter { parser: AnswerParser::Lenient }
    }

    fn settings(&self) -> Vec<EvalSampling> {
        vec![EvalSampling::greedy(2048)]
    }

    fn question(&self, record: Record) -> Result<Question, QuestionError> {
        let Record::VideoLog(row) = record else {
            return Err(QuestionError::kind(self.name, &record, "a question with the log of its video"));
        };
        let key = choice_key(self.name, &row.id, row.answer, &row.choices)?;
        let facets = facets(&row.extra, &[("question_category", "category")]);
        let messages =
            vec![Message::text(Role::System, SYSTEM), Message::text(Role::User, row.prompt_text())];
        Ok(Question { id: row.id, messages, visuals: Visuals::NONE, key, facets })
    }
}
