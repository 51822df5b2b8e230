//! Scoring logs of predictions again, offline: our own, and published ones.

mod published;
mod report;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::Results;
use crate::bench::benchmark_by_name;
use crate::prediction::Prediction;
use crate::run::{self, RunError, read_log};

pub use published::{LogRow, PublishedLog, read_published_log};
pub use report::{Expected, LogReport, Reparsed, verify_log};

/// What a log gave.
#[derive(Clone, Debug)]
pub enum Rescored {
    /// One of ours: its results, judged anew.
    Ours(Box<Results>),
    /// A published one: what can be counted in it.
    Published(Box<LogReport>),
}

/// Scores a log of predictions again without a model: one of ours by its own judge, a published one (such as Logic-V's) by
/// [`verify_log`].
///
/// # Errors
/// [`RunError`] when the file cannot be read or is no log of either kind.
pub fn rescore(path: &Path) -> Result<Rescored, RunError> {
    if is_ours(path)? {
        return Ok(Rescored::Ours(Box::new(rescored(path)?)));
    }
    let log = read_published_log(path)?;
    Ok(Rescored::Published(Box::new(verify_log(&log, &Expected::default()))))
}

/// Whether the first line is a header of ours.
fn is_ours(path: &Path) -> Result<bool, RunError> {
    const LONGEST: u64 = 1 << 20;
    let io = |source| RunError::Io { path: path.to_owned(), source };
    let mut line = Vec::new();
    let file = BufReader::new(File::open(path).map_err(io)?);
    std::io::Read::take(file, LONGEST).read_until(b'\n', &mut line).map_err(io)?;
    let value = serde_json::from_slice::<serde_json::Value>(&line);
    Ok(value.is_ok_and(|value| value.get("anneal_predictions").is_some()))
}

fn rescored(path: &Path) -> Result<Results, RunError> {
    let (header, predictions) = read_log(path)?;
    let judged: Vec<Prediction> =
        predictions.into_iter().map(|prediction| prediction.scored(header.judge, &header.setting)).collect();
    Ok(match benchmark_by_name(&header.benchmark) {
        Ok(benchmark) => run::results(&header, &judged, benchmark.official(&judged)),
        Err(unknown) => {
            let mut results = run::results(&header, &judged, crate::bench::Official::default());
            results.notes.push(format!("{unknown}; its official numbers are left out"));
            results
        }
    })
}
