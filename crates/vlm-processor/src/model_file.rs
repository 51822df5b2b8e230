//! Reading small files of a model folder: capped, and with errors that name file and field.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::regular_file::open_regular;
use crate::text_error::ProcessorError;

/// A parsed JSON file of a model folder.
pub(crate) struct JsonFile {
    pub(crate) path: PathBuf,
    pub(crate) value: Value,
}

/// The text of `path`, or `None` when there is no such file.
pub(crate) fn read_text(path: &Path, limit: u64) -> Result<Option<String>, ProcessorError> {
    let read = |source| ProcessorError::Read { path: path.to_owned(), source };
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(read(e)),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(read)?;
    if bytes.len() as u64 > limit {
        return Err(ProcessorError::TooLarge { path: path.to_owned(), limit });
    }
    let not_utf8 = |e: std::string::FromUtf8Error| {
        read(std::io::Error::new(std::io::ErrorKind::InvalidData, format!("not UTF-8: {}", e.utf8_error())))
    };
    String::from_utf8(bytes).map(Some).map_err(not_utf8)
}

impl JsonFile {
    /// Reads `dir/name`; `None` when there is no such file.
    pub(crate) fn read(dir: &Path, name: &str, limit: u64) -> Result<Option<Self>, ProcessorError> {
        let path = dir.join(name);
        let Some(text) = read_text(&path, limit)? else { return Ok(None) };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        match serde_json::from_str(text) {
            Ok(value @ Value::Object(_)) => Ok(Some(Self { path, value })),
            Ok(other) => Err(ProcessorError::Json {
                path,
                reason: format!("found {}, expected an object", shown(&other)),
            }),
            Err(e) => Err(ProcessorError::Json { path, reason: e.to_string() }),
        }
    }

    /// The value at a dotted name; absent and `null` are the same.
    pub(crate) fn get(&self, field: &str) -> Option<&Value> {
        let mut value = &self.value;
        for key in field.split('.') {
            value = value.get(key)?;
        }
        (!value.is_null()).then_some(value)
    }

    /// The first of several names that is present, with its name.
    pub(crate) fn first<'a>(&self, fields: &[&'a str]) -> Option<(&'a str, &Value)> {
        fields.iter().find_map(|&field| self.get(field).map(|value| (field, value)))
    }

    /// An id or size: a whole number that fits 32 bits.
    pub(crate) fn whole(&self, fields: &[&str]) -> Result<Option<u32>, ProcessorError> {
        let Some((field, value)) = self.first(fields) else { return Ok(None) };
        let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
        number.map(Some).ok_or_else(|| self.wrong(field, value, "a whole number from 0 to 4294967295"))
    }

    /// A string.
    pub(crate) fn string(&self, field: &str) -> Result<Option<&str>, ProcessorError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| self.wrong(field, value, "a string"))
    }

    /// The error for `field`.
    pub(crate) fn wrong(&self, field: &str, found: &Value, expected: &str) -> ProcessorError {
        ProcessorError::Field {
            path: self.path.clone(),
            field: field.to_owned(),
            found: shown(found),
            expected: expected.to_owned(),
        }
    }
}

/// A value as it appears in messages: short, and with control characters escaped.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => format!("{:?}", text.chars().take(80).collect::<String>()),
        other => other.to_string(),
    }
}
