//! Any rows with answers.

use datasets::{GroundTruth, Record};

use super::{Benchmark, facets};
use crate::EvalSampling;
use crate::judge::{AnswerKey, Judge};
use crate::question::{Question, QuestionError};

/// A user's own questions.
pub(super) struct Custom {
    name: &'static str,
    judge: Judge,
}

impl Custom {
    pub(super) const WORDS: Self = Self { name: "custom", judge: Judge::Words };
    pub(super) const MATH: Self = Self { name: "custom-math", judge: Judge::Math };
}

impl Benchmark for Custom {
    fn name(&self) -> &str {
        self.name
    }

    fn prompt(&self) -> &str {
        "{question}"
    }

    fn judge(&self) -> Judge {
        self.judge
    }

    fn settings(&self) -> Vec<EvalSampling> {
        vec![EvalSampling::greedy(256)]
    }

    fn question(&self, record: Record) -> Result<Question, QuestionError> {
        let id = record.id().to_owned();
        let error = |found: String| QuestionError::new(self.name, &id, found, "a question with one answer");
        let row = record.into_rl_prompt().map_err(|unfit| error(unfit.to_string()))?;
        let truth = match row.ground_truth {
            Some(GroundTruth::Text(truth)) => truth,
            Some(GroundTruth::Answers(answers)) => {
                answers.into_iter().next().ok_or_else(|| error("no answer".to_owned()))?
            }
            None => return Err(error("no answer".to_owned())),
        };
        let mut groups = facets(&row.extra, &[("category", "category"), ("source", "source")]);
        groups.extend(row.task.map(|task| ("task".to_owned(), task)));
        Ok(Question {
            id: row.id,
            messages: row.prompt,
            visuals: row.visuals,
            key: AnswerKey::Text(truth),
            facets: groups,
        })
    }
}
