//! The log of predictions: a line that says how it was made, then one line for each question.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Existing, RunError};
use crate::bench::Benchmark;
use crate::judge::Judge;
use crate::prediction::Prediction;
use crate::{EvalSampling, Policy};

/// Name of the log in a result folder.
pub const PREDICTIONS_FILE: &str = "predictions.jsonl";
/// Version of the format.
const VERSION: u32 = 1;

/// The first line of a log: how the predictions were made. What differs here makes another run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogHeader {
    /// Version of the format.
    pub anneal_predictions: u32,
    /// The benchmark.
    pub benchmark: String,
    /// How answers were drawn.
    pub setting: EvalSampling,
    /// How they were judged.
    pub judge: Judge,
    /// What was asked.
    pub policy: Policy,
}

impl LogHeader {
    pub(super) fn new(benchmark: &dyn Benchmark, setting: EvalSampling, policy: Policy) -> Self {
        let (name, judge) = (benchmark.name().to_owned(), benchmark.judge());
        Self { anneal_predictions: VERSION, benchmark: name, setting, judge, policy }
    }

    /// The first thing that differs.
    fn difference(&self, other: &Self) -> Option<&'static str> {
        let differs = [
            (self.anneal_predictions != other.anneal_predictions, "version of the format"),
            (self.benchmark != other.benchmark, "benchmark"),
            (self.setting != other.setting, "sampling"),
            (self.policy.model != other.policy.model, "model"),
            (self.policy.adapter != other.policy.adapter, "adapter"),
            (self.policy.data != other.policy.data, "data"),
            (self.policy.prompt != other.policy.prompt, "prompt"),
            (self.policy.pixels != other.policy.pixels, "limit of pixels"),
        ];
        differs.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
    }
}

/// A log that is being written: every line is handed to the system whole, at once.
pub(super) struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    /// Opens the log for appending and gives the predictions that are in it.
    pub(super) fn open(
        path: &Path,
        header: &LogHeader,
        existing: Existing,
    ) -> Result<(Self, HashMap<String, Prediction>), RunError> {
        let io = |source| RunError::io(path, source);
        let found = fs::metadata(path).map(|meta| meta.len()).unwrap_or(0);
        if existing == Existing::Overwrite || found == 0 {
            let file = File::create(path).map_err(io)?;
            let mut log = Self { file, path: path.to_owned() };
            log.line(&serde_json::to_string(header).map_err(|e| io(e.into()))?)?;
            return Ok((log, HashMap::new()));
        }
        let (old, predictions, whole) = read(path)?;
        if let Some(difference) = old.difference(header) {
            return Err(RunError::OtherRun { path: path.to_owned(), difference: difference.to_owned() });
        }
        let file = OpenOptions::new().append(true).open(path).map_err(io)?;
        // What a stopped process wrote of its last line is cut off.
        file.set_len(whole).map_err(io)?;
        let done = predictions.into_iter().map(|prediction| (prediction.id.clone(), prediction)).collect();
        Ok((Self { file, path: path.to_owned() }, done))
    }

    pub(super) fn append(&mut self, prediction: &Prediction) -> Result<(), RunError> {
        let line = serde_json::to_string(prediction).map_err(|e| RunError::io(&self.path, e.into()))?;
        self.line(&line)
    }

    fn line(&mut self, line: &str) -> Result<(), RunError> {
        let written = self.file.write_all(format!("{line}\n").as_bytes());
        written.map_err(|source| RunError::io(&self.path, source))
    }
}

/// The header of a log and its predictions in their order; of several with one id, the last.
///
/// # Errors
/// [`RunError`] when the file cannot be read or a line other than a torn last one is no prediction.
pub fn read_log(path: &Path) -> Result<(LogHeader, Vec<Prediction>), RunError> {
    let (header, all, _) = read(path)?;
    let mut place: HashMap<String, usize> = HashMap::new();
    let mut predictions: Vec<Prediction> = Vec::with_capacity(all.len());
    for prediction in all {
        match place.get(&prediction.id) {
            Some(&at) => predictions[at] = prediction,
            None => {
                place.insert(prediction.id.clone(), predictions.len());
                predictions.push(prediction);
            }
        }
    }
    Ok((header, predictions))
}

/// Header, predictions, and the length up to the end of the last whole line.
fn read(path: &Path) -> Result<(LogHeader, Vec<Prediction>, u64), RunError> {
    let io = |source| RunError::io(path, source);
    let mut lines = BufReader::new(File::open(path).map_err(io)?);
    let (mut header, mut predictions, mut whole) = (None, Vec::new(), 0u64);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = lines.read_until(b'\n', &mut line).map_err(io)?;
        if length == 0 || line.last() != Some(&b'\n') {
            break;
        }
        let bad = |error: serde_json::Error| no_log(path, number, &error);
        match header {
            None => header = Some(serde_json::from_slice::<LogHeader>(&line).map_err(bad)?),
            Some(_) => predictions.push(serde_json::from_slice::<Prediction>(&line).map_err(bad)?),
        }
        whole += length as u64;
    }
    let header = header.ok_or_else(|| RunError::NoLog {
        path: path.to_owned(),
        line: 1,
        reason: "found no whole line, expected a log of predictions".to_owned(),
    })?;
    Ok((header, predictions, whole))
}

fn no_log(path: &Path, line: usize, error: &serde_json::Error) -> RunError {
    let expected = if line == 1 { "the header of a prediction log" } else { "a prediction" };
    RunError::NoLog { path: path.to_owned(), line, reason: format!("{error}; expected {expected}") }
}
