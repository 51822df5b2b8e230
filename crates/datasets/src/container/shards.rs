//! Several files one behind the other, as if they were one.

use super::Rows;
use crate::raw_row::RawRow;
use crate::row_error::{RowError, RowProblem};
use crate::source_error::SourceError;

/// Rows of several containers in order. The length of a part is asked for only when a row behind it is.
pub(crate) struct Shards {
    first: Box<dyn Rows>,
    rest: Vec<Box<dyn Rows>>,
}

impl Shards {
    pub(crate) fn new(first: Box<dyn Rows>, rest: Vec<Box<dyn Rows>>) -> Self {
        Self { first, rest }
    }
}

/// The rows of a part that ends before the wanted one.
fn past_end(error: &RowError) -> Option<u64> {
    match error.problem {
        RowProblem::PastEnd { rows, .. } => Some(rows),
        _ => None,
    }
}

impl Rows for Shards {
    fn len(&self) -> Result<u64, SourceError> {
        let rest: Result<u64, SourceError> = self.rest.iter().map(|part| part.len()).sum();
        Ok(self.first.len()? + rest?)
    }

    fn row(&self, index: u64) -> Result<RawRow, RowError> {
        let mut before = 0;
        let mut found = self.first.row(index);
        for part in &self.rest {
            let Some(rows) = found.as_ref().err().and_then(past_end) else { return found };
            before += rows;
            found = part.row(index - before);
        }
        found.map_err(|mut error| {
            if let Some(rows) = past_end(&error) {
                error.problem = RowProblem::PastEnd { index, rows: before + rows };
            }
            error
        })
    }

    fn kind(&self) -> &'static str {
        self.first.kind()
    }
}
