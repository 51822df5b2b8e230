//! One self-contained HTML page about one or several runs: no network, no libraries, readable without scripts, on a phone,
//! on paper and in the dark.

mod chart;
mod data;
mod dynamics;
mod epochs;
mod escape;
mod evaluations;
mod families;
mod histogram;
mod page;
mod panels;
mod rollouts;
mod run;
mod samples;
mod scale;
mod series;
mod thumbnails;

use std::path::PathBuf;

pub use data::{Shown, data};

use journal::JournalError;
use thiserror::Error;

use crate::result::ResultError;

/// Why there is no report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A run folder is missing.
    #[error("{path}: found no folder, expected a run folder (with metrics.jsonl, config.yaml, rollouts)", path = path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The folders hold no run.
    #[error("{paths}: found neither metrics, rollouts nor evaluations; expected a run folder")]
    Nothing {
        /// The folders.
        paths: String,
    },
    /// A log of the run cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A result file cannot be read.
    #[error(transparent)]
    Results(#[from] ResultError),
}

/// The page about the runs in these folders. Several runs are taken as repetitions: curves are their means, with a band of
/// one standard deviation.
///
/// # Errors
/// [`ReportError`] when a folder is missing, a file in it is damaged, or there is nothing to show.
pub fn render(run_dirs: &[PathBuf]) -> Result<String, ReportError> {
    let mut runs = run_dirs.iter().map(|dir| run::Run::read(dir)).collect::<Result<Vec<_>, _>>()?;
    if runs.iter().all(run::Run::is_empty) {
        let paths = run_dirs.iter().map(|dir| dir.display().to_string()).collect::<Vec<_>>().join(", ");
        return Err(ReportError::Nothing { paths });
    }
    run::tell_apart(&mut runs);
    Ok(page::render(&runs))
}
