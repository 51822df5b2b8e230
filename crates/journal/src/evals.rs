//! Results of evaluations.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::JournalError;
use crate::finite;
use crate::line_log::{LineLog, Start, Stepped};
use crate::line_reader::LineReader;
use crate::run_folder::RunFolder;

/// What one evaluation gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EvalRecord {
    /// The step after which it was made; 0 is before training.
    pub step: u64,
    /// The stage of a longer story that the model was in: `sft`, `dpo`, `grpo`.
    pub stage: String,
    /// The benchmark or held-out set.
    pub name: String,
    /// Numbers by name. One that is not finite is not written.
    #[serde(serialize_with = "finite::serialize")]
    pub metrics: BTreeMap<String, f64>,
    /// Some samples that were answered wrong.
    #[serde(default)]
    pub wrong: Vec<WrongSample>,
}

/// A sample that was answered wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongSample {
    /// The question.
    pub prompt: String,
    /// Paths of its images.
    #[serde(default)]
    pub images: Vec<String>,
    /// The answer that was given.
    pub completion: String,
    /// The answer that would have been right.
    pub expected: String,
}

impl Stepped for EvalRecord {
    fn step(&self) -> u64 {
        self.step
    }
}

/// `evals.jsonl`, for writing.
#[derive(Debug)]
pub struct EvalLog(LineLog<EvalRecord>);

impl EvalLog {
    /// Opens the evaluations of a run.
    pub fn open(run_dir: impl AsRef<Path>, start: Start) -> Result<Self, JournalError> {
        LineLog::open(RunFolder::new(run_dir.as_ref()).evals(), start).map(Self)
    }

    /// Adds a result.
    pub fn append(&mut self, record: &EvalRecord) -> Result<(), JournalError> {
        self.0.append(record)
    }

    /// Returns once every result has reached the disk; to be called before a checkpoint of the same step is saved.
    pub fn sync(&self) -> Result<(), JournalError> {
        self.0.sync()
    }
}

/// Reads `evals.jsonl`. A run without one has no results.
pub fn read_evals(run_dir: impl AsRef<Path>) -> Result<Vec<EvalRecord>, JournalError> {
    let lines = LineReader::open(&RunFolder::new(run_dir.as_ref()).evals())?;
    lines.map(|line| line.map(|line| line.record)).collect()
}
