//! Numbers by step.

use std::collections::BTreeMap;
use std::path::Path;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::error::{JournalError, LineProblem};
use crate::line_log::{LineLog, Start, Stepped};
use crate::line_reader::LineReader;
use crate::run_folder::RunFolder;

/// The numbers of one step: a flat line such as `{"step":10,"epoch":0.5,"loss":2.25,"rewards/accuracy/mean":0.5}`.
///
/// Names are those that TRL's trainers log.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct MetricLine {
    /// The step, counted from 1; 0 is before the first.
    pub step: u64,
    /// How often the data was gone through, when the run counts that.
    #[serde(default)]
    pub epoch: Option<f64>,
    /// The numbers by name. One that is not finite is not written.
    #[serde(flatten)]
    pub values: BTreeMap<String, f64>,
}

impl MetricLine {
    /// A step without numbers.
    pub fn new(step: u64) -> Self {
        Self { step, epoch: None, values: BTreeMap::new() }
    }

    /// With the epoch.
    #[must_use]
    pub fn with_epoch(mut self, epoch: f64) -> Self {
        self.epoch = Some(epoch);
        self
    }

    /// With one more number, unless it is not finite.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: f64) -> Self {
        self.set(name, value);
        self
    }

    /// Adds a number, unless it is not finite: what has no value is absent.
    pub fn set(&mut self, name: impl Into<String>, value: f64) {
        if value.is_finite() {
            self.values.insert(name.into(), value);
        }
    }

    fn reserved(&self) -> Option<&str> {
        ["step", "epoch"].into_iter().find(|&name| self.values.contains_key(name))
    }
}

impl Serialize for MetricLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("step", &self.step)?;
        if let Some(epoch) = self.epoch.filter(|epoch| epoch.is_finite()) {
            line.serialize_entry("epoch", &epoch)?;
        }
        for (name, value) in self.values.iter().filter(|(_, value)| value.is_finite()) {
            line.serialize_entry(name, value)?;
        }
        line.end()
    }
}

impl Stepped for MetricLine {
    fn step(&self) -> u64 {
        self.step
    }
}

/// `metrics.jsonl`, for writing.
#[derive(Debug)]
pub struct MetricsLog(LineLog<MetricLine>, RunFolder);

impl MetricsLog {
    /// Opens the metrics of a run.
    pub fn open(run_dir: impl AsRef<Path>, start: Start) -> Result<Self, JournalError> {
        let run = RunFolder::new(run_dir.as_ref());
        Ok(Self(LineLog::open(run.metrics(), start)?, run))
    }

    /// Adds a line.
    pub fn append(&mut self, line: &MetricLine) -> Result<(), JournalError> {
        if let Some(name) = line.reserved() {
            let problem = LineProblem::Reserved(name.to_owned());
            return Err(JournalError::Record { path: self.1.metrics(), step: line.step, problem });
        }
        self.0.append(line)
    }

    /// Returns once every line has reached the disk; to be called before a checkpoint of the same step is saved.
    pub fn sync(&self) -> Result<(), JournalError> {
        self.0.sync()
    }
}

/// Reads `metrics.jsonl`. A run without one has no lines.
pub fn read_metrics(run_dir: impl AsRef<Path>) -> Result<Vec<MetricLine>, JournalError> {
    let lines = LineReader::open(&RunFolder::new(run_dir.as_ref()).metrics())?;
    lines.map(|line| line.map(|line| line.record)).collect()
}
