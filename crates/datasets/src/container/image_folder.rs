//! Pictures in a folder with a `metadata.jsonl` that names them, as image folders of the hub have it.

use super::Rows;
use super::lines::Lines;
use crate::raw_row::RawRow;
use crate::row_error::RowError;
use crate::source_error::SourceError;

/// The lines of a `metadata.jsonl`; its `file_name` is the row's image.
pub(crate) struct ImageFolder {
    lines: Lines,
}

impl ImageFolder {
    pub(crate) fn new(lines: Lines) -> Self {
        Self { lines }
    }
}

impl Rows for ImageFolder {
    fn len(&self) -> Result<u64, SourceError> {
        self.lines.len()
    }

    fn row(&self, index: u64) -> Result<RawRow, RowError> {
        let mut row = self.lines.row(index)?;
        for (field, image) in [("file_name", "image"), ("file_names", "images")] {
            if !row.has(image)
                && let Some(name) = row.take(field)
            {
                row.fields.insert(image.to_owned(), name);
            }
        }
        Ok(row)
    }

    fn kind(&self) -> &'static str {
        "image folder"
    }
}
