//! The trait through which everything reads data.

use std::fmt;

use crate::layout::Layout;
use crate::place::Place;
use crate::record::Record;
use crate::row_error::RowError;
use crate::source_error::SourceError;

/// Rows that can be read in any order, each on its own.
///
/// Implementations are lazy: opening reads as little as it can, [`Source::get`] reads one row and no picture, and only
/// [`Source::len`] may have to pass over a whole file once. Reading from several threads is fine.
pub trait Source: Send + Sync {
    /// How many rows there are, broken ones included.
    fn len(&self) -> Result<u64, SourceError>;

    /// Row `index`, from 0. A row that is broken is broken every time; the rows around it are not affected.
    fn get(&self, index: u64) -> Result<Record, RowError>;

    /// Where row `index` stands, for messages about it; `None` where that is not known.
    fn place(&self, _index: u64) -> Option<Place> {
        None
    }

    /// What was recognised.
    fn describe(&self) -> &Description;

    /// True if there is no row at all.
    fn is_empty(&self) -> Result<bool, SourceError> {
        Ok(self.len()? == 0)
    }
}

/// What a source is, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The files, as a user would name them.
    pub origin: String,
    /// The container: `JSONL`, `JSON list`, `parquet`, `tar`.
    pub container: String,
    /// The layout of the rows.
    pub layout: Layout,
    /// Why this layout: what was seen in the rows, or that the user named it.
    pub why: String,
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} of {} rows ({})", self.origin, self.container, self.layout, self.why)
    }
}

/// The rows of `source` in file order, until it ends.
pub fn in_order(source: &dyn Source) -> impl Iterator<Item = Result<Record, RowError>> + '_ {
    (0..).map(|index| source.get(index)).take_while(|row| !matches!(row, Err(error) if error.is_past_end()))
}
