//! The benchmarks: how a record becomes a question, how replies are judged, which numbers the authors report.

mod choices;
mod comt;
mod custom;
mod cv_bench;
mod grounding;
mod logs;
mod maths;
mod measures;
mod registry;
mod virl;
mod vqa;
mod vsr;

use std::collections::BTreeMap;

use datasets::{Extra, Record};
use serde_json::Value;

use crate::EvalSampling;
use crate::judge::Judge;
use crate::prediction::{Facets, Prediction};
use crate::question::{Question, QuestionError};

pub use registry::{UnknownBenchmark, benchmark_by_name, benchmark_names};

/// A benchmark.
///
/// An implementation says how to ask and how to judge; running, resuming, intervals, comparisons and files are the same
/// for all. It must be deterministic: the same record gives the same question.
pub trait Benchmark: Send + Sync {
    /// Its name on the command line and in result files.
    fn name(&self) -> &str;

    /// What is added to the data's own text, as recorded beside the scores.
    fn prompt(&self) -> &str;

    /// The rule by which replies are judged.
    fn judge(&self) -> Judge;

    /// How answers are drawn: one setting, or several that are reported side by side.
    fn settings(&self) -> Vec<EvalSampling>;

    /// The question that a record asks.
    ///
    /// # Errors
    /// [`QuestionError`] when the record is of another kind, or keeps its answer back.
    fn question(&self, record: Record) -> Result<Question, QuestionError>;

    /// The numbers that the benchmark's authors report besides the mean score.
    fn official(&self, _predictions: &[Prediction]) -> Official {
        Official::default()
    }
}

/// Numbers that the authors of a benchmark report, from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Official {
    /// By name.
    pub scores: BTreeMap<String, f64>,
    /// What a reader of the numbers should know.
    pub notes: Vec<String>,
}

impl Official {
    /// Adds a number that could be computed.
    fn put(&mut self, name: &str, value: Option<f64>) {
        self.scores.extend(value.map(|value| (name.to_owned(), value)));
    }
}

/// The groups of a record whose fields are texts or numbers, under the names that tables give them.
fn facets(extra: &Extra, fields: &[(&str, &str)]) -> Facets {
    let text = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let facet = |(field, name): &(&str, &str)| Some(((*name).to_owned(), text(extra.get(*field)?)?));
    fields.iter().filter_map(facet).collect()
}
