//! Why a data set cannot be opened.

use std::path::PathBuf;

use thiserror::Error;

use crate::row_error::RowError;

/// A path that is no data set, or one that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file system refuses.
    #[error("{}: cannot be read: {source}; check the path and its permissions", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is damaged, or of no kind that is read.
    #[error("{}: found {found}, expected {expected}", path.display())]
    Container {
        /// The file or folder.
        path: PathBuf,
        /// What it is.
        found: String,
        /// What could be read.
        expected: String,
    },
    /// There are no rows.
    #[error("{}: found no rows, expected at least one", path.display())]
    Empty {
        /// The file or folder.
        path: PathBuf,
    },
    /// The rows fit no layout.
    #[error("{}: found rows with the fields {fields}, expected one of the known layouts: {nearest}; name it with `format` if you know better", path.display())]
    Unrecognised {
        /// The file or folder.
        path: PathBuf,
        /// Fields of the first rows.
        fields: String,
        /// The layouts that come closest, and what they lack.
        nearest: String,
    },
    /// The rows fit several layouts.
    #[error("{}: found rows with the fields {fields}, which fit {candidates}; choose one with `format`", path.display())]
    Ambiguous {
        /// The file or folder.
        path: PathBuf,
        /// Fields of the first rows.
        fields: String,
        /// The layouts that fit.
        candidates: String,
    },
    /// A row is broken and the policy is to stop.
    #[error(transparent)]
    Row(#[from] RowError),
    /// More rows are broken than may be skipped.
    #[error(
        "found {bad} broken rows among {seen}, expected at most {allowed}, which is one in a hundred; the first: {first}; mend or remove the rows"
    )]
    TooManyBad {
        /// Broken rows so far.
        bad: u64,
        /// Rows of the source.
        seen: u64,
        /// How many may be skipped.
        allowed: u64,
        /// The first broken row.
        first: Box<RowError>,
    },
    /// A setting makes no sense.
    #[error("{setting}: found {found}, expected {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// What was read cannot be written in the wanted layout.
    #[error("{}: cannot be written: {reason}", path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}
