//! What can be wrong with one row of a data set.

use std::borrow::Cow;

use thiserror::Error;

use crate::picture::PictureError;
use crate::place::Place;

/// A row that is no record.
#[derive(Debug, Error)]
#[error("{place}: field {field}: {problem}")]
pub struct RowError {
    /// File and row.
    pub place: Place,
    /// The field, such as `messages[1].content`; `.` is the row itself.
    pub field: String,
    /// What is wrong.
    #[source]
    pub problem: RowProblem,
}

/// What is wrong with a row.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RowProblem {
    /// The field is absent or null.
    #[error("not there, expected {expected}")]
    Missing {
        /// What should stand there.
        expected: Cow<'static, str>,
    },
    /// The field holds something else.
    #[error("found {found}, expected {expected}")]
    Unexpected {
        /// What stands there, shortened.
        found: String,
        /// What should stand there.
        expected: Cow<'static, str>,
    },
    /// The row's bytes are no row.
    #[error("{reason}")]
    Unreadable {
        /// What was found and what was expected.
        reason: String,
    },
    /// A picture of the row is missing or may not be opened.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// There are fewer rows.
    #[error("found {rows} rows, expected more than {index}: the row asked for is past the end")]
    PastEnd {
        /// The row that was asked for, from 0.
        index: u64,
        /// How many there are.
        rows: u64,
    },
}

impl RowError {
    /// True if the row does not exist because the source ends before it.
    pub fn is_past_end(&self) -> bool {
        matches!(self.problem, RowProblem::PastEnd { .. })
    }
}

/// A field and what is wrong with it; the place is added by whoever knows it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) field: String,
    pub(crate) problem: RowProblem,
}

pub(crate) type Checked<T> = Result<T, Fault>;

impl Fault {
    pub(crate) fn missing(field: impl Into<String>, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), problem: RowProblem::Missing { expected: expected.into() } }
    }

    pub(crate) fn unexpected(
        field: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        let problem = RowProblem::Unexpected { found: found.into(), expected: expected.into() };
        Self { field: field.into(), problem }
    }

    pub(crate) fn unreadable(reason: impl Into<String>) -> Self {
        Self { field: ".".to_owned(), problem: RowProblem::Unreadable { reason: reason.into() } }
    }

    pub(crate) fn at(self, place: Place) -> RowError {
        RowError { place, field: self.field, problem: self.problem }
    }
}
