//! Reading a JSONL file of rows line by line, with a cap on the length of a line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::regular_file::open_regular;
use crate::row::Row;
use crate::text_limits::MAX_LINE_BYTES;

/// A line of a file of rows that is no row.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LineError {
    /// There is no such file, or it may not be read.
    #[error("{}: cannot be read: {source}; check the path", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be read further.
    #[error("{}: line {line}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The line that was being read, from 1.
        line: u64,
        /// Why.
        source: std::io::Error,
    },
    /// A line longer than the limit; reading goes on after it.
    #[error("{}: line {line}: found more than {limit} bytes, expected a shorter line; keep images in files beside the rows", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("{}: line {line}: found bytes that are not UTF-8 at column {column}; save the file as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Byte of the line, from 1.
        column: usize,
    },
    /// Not a row: not JSON, or a field is missing or of the wrong type.
    #[error("{}: line {line}: field {field}: {reason}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Path of the field inside the row; `.` is the row itself.
        field: String,
        /// What was found and expected.
        reason: String,
    },
}

/// Iterator over `(line number, row)` of a JSONL file. A byte order mark, CRLF line ends and blank
/// lines are accepted, and image parts that name their files themselves; a bad line is an error and reading goes on with the
/// next one.
pub struct RowReader {
    path: PathBuf,
    input: BufReader<File>,
    line: u64,
    ended: bool,
}

impl RowReader {
    /// Opens `path`.
    pub fn open(path: &Path) -> Result<Self, LineError> {
        let file = open_regular(path).map_err(|source| LineError::Open { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), input: BufReader::new(file), line: 0, ended: false })
    }

    /// The next line that is not blank, without its end; `None` at the end of the file.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, LineError> {
        loop {
            self.line += 1;
            let mut bytes = Vec::new();
            let limit = MAX_LINE_BYTES as u64 + 1;
            let read =
                self.input.by_ref().take(limit).read_until(b'\n', &mut bytes).map_err(|e| self.failed(e))?;
            if read == 0 {
                return Ok(None);
            }
            if bytes.len() > MAX_LINE_BYTES && bytes.last() != Some(&b'\n') {
                self.skip_line()?;
                let path = self.path.clone();
                return Err(LineError::TooLong { path, line: self.line, limit: MAX_LINE_BYTES });
            }
            let first_line = self.line == 1;
            let start = if first_line && bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            if !bytes[start..].trim_ascii().is_empty() {
                return Ok(Some(bytes[start..].trim_ascii_end().to_vec()));
            }
        }
    }

    fn skip_line(&mut self) -> Result<(), LineError> {
        loop {
            let buffer = self.input.fill_buf();
            let buffer = match buffer {
                Ok(buffer) => buffer,
                Err(source) => {
                    return Err(LineError::Read { path: self.path.clone(), line: self.line, source });
                }
            };
            let newline = buffer.iter().position(|&b| b == b'\n');
            let (used, done) = newline.map_or((buffer.len(), buffer.is_empty()), |at| (at + 1, true));
            self.input.consume(used);
            if done {
                return Ok(());
            }
        }
    }

    fn failed(&mut self, source: std::io::Error) -> LineError {
        self.ended = true;
        LineError::Read { path: self.path.clone(), line: self.line, source }
    }

    fn parse(&self, bytes: &[u8]) -> Result<Row, LineError> {
        let text = std::str::from_utf8(bytes).map_err(|e| LineError::NotUtf8 {
            path: self.path.clone(),
            line: self.line,
            column: e.valid_up_to() + 1,
        })?;
        if !text.trim_ascii_start().starts_with('{') {
            let reason = "found something else, expected a JSON object ({…}) on every line".to_owned();
            let (path, line) = (self.path.clone(), self.line);
            return Err(LineError::Row { path, line, field: ".".to_owned(), reason });
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let mut row: Row =
            serde_path_to_error::deserialize(&mut json).map_err(|e| self.bad_row(e.path(), e.inner()))?;
        json.end().map_err(|e| self.bad_row(&".", &e))?;
        if row.images.is_empty() {
            row.images = inline_images(text);
        }
        Ok(row)
    }

    fn bad_row(&self, field: &dyn std::fmt::Display, error: &serde_json::Error) -> LineError {
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or(&text);
        LineError::Row {
            path: self.path.clone(),
            line: self.line,
            field: field.to_string(),
            reason: format!("{reason} (column {})", error.column()),
        }
    }
}

/// Files that image parts name themselves, as `{"type": "image", "image": "a.png"}`, in order.
fn inline_images(row: &str) -> Vec<String> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Parts {
        messages: Vec<Turn>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Turn {
        content: Value,
    }
    let named = |part: &Value| match part["type"].as_str() {
        Some("image") => Some(part["image"].as_str()?.to_owned()),
        _ => None,
    };
    let turns = serde_json::from_str::<Parts>(row).unwrap_or_default().messages;
    turns.iter().filter_map(|turn| turn.content.as_array()).flatten().filter_map(named).collect()
}

impl Iterator for RowReader {
    type Item = (u64, Result<Row, LineError>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = match self.next_line() {
            Ok(Some(bytes)) => self.parse(&bytes),
            Ok(None) => {
                self.ended = true;
                return None;
            }
            Err(error) => Err(error),
        };
        Some((self.line, row))
    }
}
