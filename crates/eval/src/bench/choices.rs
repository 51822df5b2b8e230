//! Videos with lettered options: EgoSchema (Mangalam et al., 2023) and UrbanVideo-Bench (Zhao et al., 2025).

use datasets::Record;

use super::cv_bench::choice_key;
use super::{Benchmark, facets};
use crate::EvalSampling;
use crate::judge::Judge;
use crate::question::{Question, QuestionError};

/// One of the benchmarks, asked with the video itself.
pub(super) struct VideoChoices {
    name: &'static str,
}

impl VideoChoices {
    pub(super) const EGO_SCHEMA: Self = Self { name: "egoschema" };
    pub(super) const URBAN_VIDEO: Self = Self { name: "urbanvideo" };
}

const SUFFIX: &str = "\nAnswer with only the letter of your choice.";

impl Benchmark for VideoChoices {
    fn name(&self) -> &str {
        self.name
    }

    fn prompt(&self) -> &str {
        "{question}\n{options}\nAnswer with only the letter of your choice."
    }

    fn judge(&self) -> Judge {
        Judge::Choice
    }

    fn settings(&self) -> Vec<EvalSampling> {
        vec![EvalSampling::greedy(64)]
    }

    fn question(&self, record: Record) -> Result<Question, QuestionError> {
        let Record::MultipleChoice(row) = record else {
            return Err(QuestionError::kind(self.name, &record, "a question with options"));
        };
        let key = choice_key(self.name, &row.id, row.answer, &row.choices)?;
        let facets = facets(&row.extra, &[("question_category", "category")]);
        let messages = vec![row.visuals.user_turn(row.prompt_text() + SUFFIX)];
        Ok(Question { id: row.id, messages, visuals: row.visuals, key, facets })
    }
}
