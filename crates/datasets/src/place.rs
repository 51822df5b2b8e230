//! Where in a file a row stands.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A file, and the row's place in it. Counting is the user's: lines from 1, elements and rows from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was opened.
    pub file: Arc<Path>,
    /// The place inside the file.
    pub position: Position,
}

/// A row's place inside its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// Line of a JSONL file, from 1.
    Line(u64),
    /// Element of a JSON list, from 0.
    Element(u64),
    /// Row of a parquet file, from 0.
    Row(u64),
    /// Sample of a tar archive: what its members' names share.
    Member(Arc<str>),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Element(index) => write!(f, "element {index}"),
            Self::Row(row) => write!(f, "row {row}"),
            Self::Member(name) => write!(f, "member {name:?}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.position)
    }
}
