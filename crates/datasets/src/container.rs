//! What rows are kept in: files of lines, lists, columns, and archives.

pub(crate) mod elements;
pub(crate) mod image_folder;
pub(crate) mod joined;
pub(crate) mod lines;
pub(crate) mod parquet;
pub(crate) mod shards;
pub(crate) mod tar;

use serde_json::{Map, Value};

use crate::raw_row::RawRow;
use crate::row_error::{Checked, Fault, RowError};
use crate::source_error::SourceError;

/// Rows of a container, by number, each on its own.
pub(crate) trait Rows: Send + Sync {
    /// How many rows there are; may pass over the file once.
    fn len(&self) -> Result<u64, SourceError>;

    /// Row `index`, from 0.
    fn row(&self, index: u64) -> Result<RawRow, RowError>;

    /// The container's name.
    fn kind(&self) -> &'static str;
}

/// The fields of a row that is written as JSON.
pub(crate) fn json_fields(bytes: &[u8]) -> Checked<Map<String, Value>> {
    let bytes = bytes.trim_ascii_end();
    if let Err(error) = std::str::from_utf8(bytes) {
        let reason = format!(
            "found bytes that are not UTF-8 at column {}, expected a JSON object; save the file as UTF-8",
            error.valid_up_to() + 1
        );
        return Err(Fault::unreadable(reason));
    }
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Fault::unreadable("found something else, expected a JSON object ({…})"));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or(&text);
        Fault::unreadable(format!(
            "found broken JSON at column {} ({reason}), expected a JSON object",
            error.column()
        ))
    })
}
