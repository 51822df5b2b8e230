//! Typed, bounded access to the fields of a JSON object, with errors that name file and key.

use serde_json::Value;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Why a `config.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is missing or cannot be read.
    #[error("{path}: cannot be read ({source}); a model folder needs config.json", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not JSON.
    #[error("{path}: not valid JSON: {source}", path = path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        source: serde_json::Error,
    },
    /// A field is missing, has the wrong type or an impossible value.
    #[error("{path}: {key}: found {found}, expected {expected}", path = path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The field, with the objects it lies in.
        key: String,
        /// What stands there.
        found: String,
        /// What would be accepted.
        expected: String,
    },
}

/// One object of a `config.json`.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    path: &'a Path,
    place: &'static str,
    object: &'a serde_json::Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The outermost object of the file.
    pub fn root(path: &'a Path, json: &'a Value) -> Result<Self, ConfigError> {
        let object = json.as_object().ok_or_else(|| ConfigError::Field {
            path: path.to_owned(),
            key: "the file".into(),
            found: kind(json).into(),
            expected: "an object".into(),
        })?;
        Ok(Self { path, place: "", object })
    }

    /// The object under `key`, if there is one.
    pub fn inner(&self, key: &'static str) -> Result<Option<Self>, ConfigError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(Self { place: key, object, ..*self })),
            Some(other) => Err(self.bad(key, kind(other).into(), "an object".into())),
        }
    }

    /// The value under `key`, with null taken as absent.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    /// Whether null stands under `key`, which can mean something else than an absent key.
    pub fn is_null(&self, key: &str) -> bool {
        self.object.get(key).is_some_and(Value::is_null)
    }

    /// A whole number within `range`.
    pub fn size(
        &self,
        key: &str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, ConfigError> {
        let Some(value) = self.get(key) else { return Ok(default) };
        let expected = || format!("a whole number from {} to {}", range.start(), range.end());
        let number = value.as_u64().and_then(|n| usize::try_from(n).ok());
        number.filter(|n| range.contains(n)).ok_or_else(|| self.bad(key, short(value), expected()))
    }

    /// A finite number above zero.
    pub fn positive(&self, key: &str, default: f64) -> Result<f64, ConfigError> {
        let Some(value) = self.get(key) else { return Ok(default) };
        value
            .as_f64()
            .filter(|x| x.is_finite() && *x > 0.0)
            .ok_or_else(|| self.bad(key, short(value), "a positive number".into()))
    }

    /// A text that must be there.
    pub fn string(&self, key: &str) -> Result<String, ConfigError> {
        match self.get(key) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(self.bad(key, short(other), "a string".into())),
            None => Err(self.bad(key, "nothing".into(), "a string".into())),
        }
    }

    /// True or false; absent is false.
    pub fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        match self.get(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.bad(key, short(other), "true or false".into())),
        }
    }

    /// A list of whole numbers, each within `range`.
    pub fn sizes(
        &self,
        key: &str,
        default: &[usize],
        range: RangeInclusive<usize>,
    ) -> Result<Vec<usize>, ConfigError> {
        let Some(value) = self.get(key) else { return Ok(default.to_vec()) };
        let numbers: Option<Vec<usize>> =
            value.as_array().and_then(|list| list.iter().map(|n| n.as_u64().map(|n| n as usize)).collect());
        let expected = || format!("a list of whole numbers from {} to {}", range.start(), range.end());
        numbers
            .filter(|numbers| numbers.iter().all(|n| range.contains(n)))
            .ok_or_else(|| self.bad(key, short(value), expected()))
    }

    /// An error about `key` of this object.
    pub fn bad(&self, key: &str, found: String, expected: String) -> ConfigError {
        let key = if self.place.is_empty() { key.into() } else { format!("{}.{key}", self.place) };
        ConfigError::Field { path: self.path.to_owned(), key, found, expected }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The value itself when it is small, otherwise its kind: hostile files stay out of error texts.
fn short(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::String(text) if text.len() <= 40 => format!("{text:?}"),
        other => kind(other).into(),
    }
}
