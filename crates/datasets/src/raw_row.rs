//! A row as its container holds it: JSON fields, and pictures beside them.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::home::Home;
use crate::picture::ImageRef;
use crate::place::Place;
use crate::row_error::{Checked, Fault};

/// A row before its layout gives it a meaning. Fields are taken out one by one; what stays is kept as `extra`.
#[derive(Clone)]
pub(crate) struct RawRow {
    pub(crate) place: Place,
    pub(crate) fields: Map<String, Value>,
    /// Columns of encoded pictures; the list is empty where the cell is null.
    pub(crate) pictures: Vec<(Arc<str>, Vec<ImageRef>)>,
    pub(crate) home: Home,
}

impl RawRow {
    /// The field's value, unless it is absent or null.
    pub(crate) fn take(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    /// The value of the first of `fields` that has one, with its name.
    pub(crate) fn take_first(&mut self, fields: &[&'static str]) -> Option<(&'static str, Value)> {
        fields.iter().find_map(|field| self.take(field).map(|value| (*field, value)))
    }

    /// True if the field is there and not null.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(|value| !value.is_null()) || self.has_pictures(field)
    }

    /// True if the field is a column of encoded pictures.
    pub(crate) fn has_pictures(&self, field: &str) -> bool {
        self.pictures.iter().any(|(name, _)| **name == *field)
    }

    pub(crate) fn value(&mut self, field: &'static str, expected: &'static str) -> Checked<Value> {
        self.take(field).ok_or_else(|| Fault::missing(field, expected))
    }

    /// A text that is not blank.
    pub(crate) fn text(&mut self, field: &'static str) -> Checked<String> {
        let value = self.value(field, "a text")?;
        filled_text(field, value)
    }

    /// A text that is not blank, from the first of `fields` that is there.
    pub(crate) fn text_of(&mut self, fields: &[&'static str]) -> Checked<String> {
        let found = self.take_first(fields);
        let (field, value) = found.ok_or_else(|| Fault::missing(fields.join(" or "), "a text"))?;
        filled_text(field, value)
    }

    /// A text, if the field is there.
    pub(crate) fn text_if_any(&mut self, field: &'static str) -> Checked<Option<String>> {
        self.take(field).map(|value| text(field, value)).transpose()
    }

    /// The row's name: the first of `fields` that is a text or a number, else the row's place in its file.
    pub(crate) fn id(&mut self, fields: &[&'static str]) -> Checked<String> {
        match self.take_first(fields) {
            None => Ok(self.place.position.to_string()),
            Some((_, Value::String(text))) if !text.is_empty() => Ok(text),
            Some((_, Value::Number(number))) => Ok(number.to_string()),
            Some((field, other)) => {
                Err(Fault::unexpected(field, shown(&other), "a number or a text that is not empty"))
            }
        }
    }

    /// The pictures of the first of `fields` that is there; none if no field is.
    pub(crate) fn images(&mut self, fields: &[&'static str]) -> Checked<Vec<ImageRef>> {
        for field in fields {
            if let Some(at) = self.pictures.iter().position(|(name, _)| **name == **field) {
                return Ok(self.pictures.swap_remove(at).1);
            }
            if let Some(value) = self.take(field) {
                return self.home.pictures(field, value);
            }
        }
        Ok(Vec::new())
    }

    /// Exactly one picture.
    pub(crate) fn image(&mut self, fields: &[&'static str]) -> Checked<ImageRef> {
        let mut found = self.images(fields)?;
        match (found.pop(), found.len()) {
            (Some(picture), 0) => Ok(picture),
            (None, _) => Err(Fault::missing(fields.join(" or "), "a picture")),
            (Some(_), more) => {
                Err(Fault::unexpected(fields[0], format!("{} pictures", more + 1), "exactly one picture"))
            }
        }
    }
}

/// A value as a text.
pub(crate) fn text(field: &str, value: Value) -> Checked<String> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(Fault::unexpected(field, shown(&other), "a text")),
    }
}

/// A value as a text that is not blank.
pub(crate) fn filled_text(field: &str, value: Value) -> Checked<String> {
    let text = text(field, value)?;
    if text.trim().is_empty() {
        return Err(Fault::unexpected(field, "an empty text", "a text that says something"));
    }
    Ok(text)
}

/// A value as the text that rewards compare with: strings as they are, everything else as JSON.
pub(crate) fn answer_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

pub(crate) fn list(field: &str, value: Value) -> Checked<Vec<Value>> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(Fault::unexpected(field, shown(&other), "a list")),
    }
}

pub(crate) fn object(field: &str, value: Value) -> Checked<Map<String, Value>> {
    match value {
        Value::Object(fields) => Ok(fields),
        other => Err(Fault::unexpected(field, shown(&other), "an object")),
    }
}

pub(crate) fn texts(field: &str, value: Value) -> Checked<Vec<String>> {
    let item = |(index, value)| text(&format!("{field}[{index}]"), value);
    list(field, value)?.into_iter().enumerate().map(item).collect()
}

/// A value for a message: its kind, and its text as far as it is short.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(fields) if fields.is_empty() => "an object without fields".to_owned(),
        Value::Object(fields) => {
            let names: Vec<&str> = fields.keys().take(6).map(String::as_str).collect();
            format!("an object with {}", names.join(", "))
        }
        Value::String(text) => format!("the text {}", quoted(text)),
        other => other.to_string(),
    }
}

/// The first 60 characters of a text in quotes; control characters come out escaped.
pub(crate) fn quoted(text: &str) -> String {
    let start: String = text.chars().take(60).collect();
    let end = if start.len() < text.len() { "…" } else { "" };
    format!("{start:?}{end}")
}
