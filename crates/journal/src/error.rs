//! Errors of writing and reading a journal.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A log that cannot be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The system refused something.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A run that should be new is not.
    #[error(
        "{path}: holds the records of an earlier run; continue that one with resume_from_checkpoint, or choose \
         another output_dir", path = path.display()
    )]
    NotFresh {
        /// The log.
        path: PathBuf,
    },
    /// A line that makes no sense stands before others that do.
    #[error("{path}:{line}: {problem}", path = path.display())]
    Line {
        /// The log.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        #[source]
        problem: LineProblem,
    },
    /// A record that cannot be written as it is.
    #[error("{path}: the record of step {step} cannot be written: {problem}", path = path.display())]
    Record {
        /// The log.
        path: PathBuf,
        /// The record's step.
        step: u64,
        /// What is wrong with it.
        #[source]
        problem: LineProblem,
    },
}

/// What is wrong with a line.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// It is no record of this log.
    #[error("found no record of this log: {0}")]
    Json(#[from] serde_json::Error),
    /// Longer than any record of ours.
    #[error("found more than {limit} bytes without an end of line")]
    TooLong {
        /// The limit.
        limit: u64,
    },
    /// A number under the name of something else.
    #[error("found a metric called {0:?}, which names something else in each line; rename the metric")]
    Reserved(String),
}

impl JournalError {
    /// Says which file the system was asked about when it failed.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.into(), source }
    }
}
