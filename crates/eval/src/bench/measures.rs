//! Counts and distances, as the generator of synthetic scenes asks for them.

use datasets::{GroundTruth, Record};
use rewards::Quantity;

use super::{Benchmark, Official, facets};
use crate::EvalSampling;
use crate::judge::{AnswerKey, Judge};
use crate::prediction::Prediction;
use crate::question::{Question, QuestionError, with_suffix};
use crate::stats::mean;

/// One of the benchmarks.
pub(super) struct Measure {
    name: &'static str,
    judge: Judge,
    suffix: &'static str,
}

impl Measure {
    pub(super) const COUNTING: Self =
        Self { name: "counting", judge: Judge::Count, suffix: "\nAnswer with a single number." };
    pub(super) const DISTANCE: Self =
        Self { name: "distance", judge: Judge::Distance, suffix: "\nAnswer with a number and its unit." };
}

impl Benchmark for Measure {
    fn name(&self) -> &str {
        self.name
    }

    fn prompt(&self) -> &str {
        self.suffix
    }

    fn judge(&self) -> Judge {
        self.judge
    }

    fn settings(&self) -> Vec<EvalSampling> {
        vec![EvalSampling::greedy(64)]
    }

    fn question(&self, record: Record) -> Result<Question, QuestionError> {
        let Record::RlPrompt(row) = record else {
            return Err(QuestionError::kind(self.name, &record, "a question with a number as its answer"));
        };
        let truth = match row.ground_truth {
            Some(GroundTruth::Text(truth)) if Quantity::parse(&truth).is_some() => truth,
            _ => return Err(QuestionError::new(self.name, &row.id, "no number as answer", "a number")),
        };
        let facets = facets(&row.extra, &[("task_type", "task")]);
        let messages = with_suffix(row.prompt, self.suffix);
        Ok(Question { id: row.id, messages, visuals: row.visuals, key: AnswerKey::Text(truth), facets })
    }

    /// For distances, the share within a factor of two.
    fn official(&self, predictions: &[Prediction]) -> Official {
        let mut official = Official::default();
        if self.judge == Judge::Distance {
            let near = |p: &Prediction| f64::from(u8::from(within_factor_two(p)));
            official.put("within_a_factor_of_2", mean(&predictions.iter().map(near).collect::<Vec<_>>()));
        }
        official
    }
}

fn within_factor_two(prediction: &Prediction) -> bool {
    let AnswerKey::Text(gold) = &prediction.key else { return false };
    let found = prediction.responses.first().and_then(|response| Quantity::parse(&response.text));
    let Some((found, gold)) = found.zip(Quantity::parse(gold)) else { return false };
    let comparable =
        found.dimension.is_none() || gold.dimension.is_none() || found.dimension == gold.dimension;
    comparable && gold.value > 0.0 && (0.5..=2.0).contains(&(found.value / gold.value))
}
