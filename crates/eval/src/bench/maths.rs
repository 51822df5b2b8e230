//! Problems with a boxed answer, in the three settings of MAYE: geometry3k (Lu et al., 2021), MM_Math (Sun et al., 2024),
//! MathVerse (Zhang et al., 2024).

use datasets::{GroundTruth, Record};

use super::{Benchmark, facets};
use crate::EvalSampling;
use crate::judge::{AnswerKey, BoxTolerance, Judge};
use crate::question::{Question, QuestionError, with_suffix};

/// One of the benchmarks.
pub(super) struct Maths {
    name: &'static str,
}

impl Maths {
    pub(super) const GEOMETRY_3K: Self = Self { name: "geometry3k" };
    pub(super) const MM_MATH: Self = Self { name: "mm_math" };
    pub(super) const MATH_VERSE: Self = Self { name: "mathverse" };
}

/// The constant that follows every problem.
const SUFFIX: &str = "\nSolve the above mathematics problem, write out the solution process according to the question, and use the \
    same LaTeX format as the question in the solution process. Please display the final answer in the format \\boxed{}.";

impl Benchmark for Maths {
    fn name(&self) -> &str {
        self.name
    }

    fn prompt(&self) -> &str {
        SUFFIX
    }

    fn judge(&self) -> Judge {
        Judge::Boxed { tolerance: BoxTolerance::Tolerant }
    }

    fn settings(&self) -> Vec<EvalSampling> {
        EvalSampling::maye().into()
    }

    fn question(&self, record: Record) -> Result<Question, QuestionError> {
        let Record::RlPrompt(row) = record else {
            return Err(QuestionError::kind(self.name, &record, "a problem with its answer"));
        };
        let Some(GroundTruth::Text(truth)) = row.ground_truth else {
            return Err(QuestionError::new(self.name, &row.id, "no answer", "one answer"));
        };
        let facets = facets(
            &row.extra,
            &[
                ("problem_version", "version"),
                ("question_type", "type"),
                ("difficult", "difficulty"),
                ("year", "year"),
            ],
        );
        let messages = with_suffix(row.prompt, SUFFIX);
        Ok(Question { id: row.id, messages, visuals: row.visuals, key: AnswerKey::Text(truth), facets })
    }
}
