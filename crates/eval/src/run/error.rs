//! Why a run stops.

use std::path::{Path, PathBuf};

use datasets::{RowError, SourceError};
use thiserror::Error;

use super::RespondError;
use crate::question::QuestionError;
use crate::{ResultError, SamplingError};

/// Why a benchmark could not be run or scored again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The sampling makes no sense.
    #[error(transparent)]
    Sampling(Box<SamplingError>),
    /// The data cannot be read.
    #[error(transparent)]
    Source(Box<SourceError>),
    /// A row cannot be read.
    #[error(transparent)]
    Row(Box<RowError>),
    /// A row is no question of the benchmark.
    #[error(transparent)]
    Question(Box<QuestionError>),
    /// Too many rows are bad.
    #[error("{bad} of {rows} rows are no questions, expected at most one in a hundred; the first: {first}")]
    TooManyBadRows {
        /// Rows that were skipped.
        bad: usize,
        /// All rows.
        rows: usize,
        /// What is wrong with the first.
        first: String,
    },
    /// Two rows have one id.
    #[error("row {second}: found id {id:?}, which row {first} has already; expected ids that differ")]
    RepeatedId {
        /// The id.
        id: String,
        /// The first row, from 0.
        first: usize,
        /// The second row, from 0.
        second: usize,
    },
    /// There is nothing to ask.
    #[error("found no question in the data, expected at least one")]
    NoQuestions,
    /// A file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The log is of another run.
    #[error(
        "{path}: found predictions made with another {difference}; expected the same: choose another folder, or overwrite them",
        path = path.display()
    )]
    OtherRun {
        /// The log.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// The file is no log of predictions.
    #[error("{path}:{line}: {reason}", path = path.display())]
    NoLog {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What was found and what was expected.
        reason: String,
    },
    /// The model answered nothing.
    #[error("the first {failures} questions all failed; the last: {last}")]
    NothingWorks {
        /// Questions that failed.
        failures: usize,
        /// The last error.
        last: RespondError,
    },
    /// The results cannot be written or compared.
    #[error(transparent)]
    Results(Box<ResultError>),
}

impl RunError {
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

// Boxed, so that a result of a run stays small.
macro_rules! boxed {
    ($($variant:ident($error:ty)),+) => {$(
        impl From<$error> for RunError {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        }
    )+};
}
boxed!(
    Source(SourceError),
    Row(RowError),
    Question(QuestionError),
    Sampling(SamplingError),
    Results(ResultError)
);
