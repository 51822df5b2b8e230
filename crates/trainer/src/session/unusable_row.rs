//! A row that cannot be made ready, and where it stands.

use crate::engine::Failure;
use datasets::Place;

/// A row of a data set that was read, and is of no use to the run.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct UnusableRow {
    /// File, and line or number of the row.
    pub place: Place,
    /// What is wrong with it.
    pub problem: Failure,
}
