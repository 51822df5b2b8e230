//! What a layout looks like: the fields a row must have.

use serde_json::Value;

use crate::raw_row::RawRow;

/// One field that a layout needs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sign {
    /// Any value but null.
    Any(&'static str),
    /// A text.
    Text(&'static str),
    /// A list.
    List(&'static str),
    /// An object.
    Object(&'static str),
    /// Turns: a list of objects with the given key, or such an object alone.
    Turns(&'static str, &'static str),
    /// A list of turns, or a text.
    TurnsOrText(&'static str),
    /// An object with the given key, or a text that holds one as JSON.
    Json(&'static str, &'static str),
    /// A text that holds a JSON list.
    JsonList(&'static str),
    /// One of several fields.
    OneOf(&'static [&'static str]),
}

impl Sign {
    /// The name of the field in `row` that satisfies the sign.
    pub(crate) fn find(self, row: &RawRow) -> Option<&'static str> {
        let value = |field: &str| row.fields.get(field);
        let when = |field: &'static str, fits: bool| fits.then_some(field);
        match self {
            Self::Any(field) => when(field, row.has(field)),
            Self::Text(field) => when(field, value(field).is_some_and(Value::is_string)),
            Self::List(field) => {
                when(field, value(field).is_some_and(Value::is_array) || row.has_pictures(field))
            }
            Self::Object(field) => when(field, value(field).is_some_and(Value::is_object)),
            Self::Turns(field, key) => when(field, value(field).is_some_and(|found| is_turns(found, key))),
            Self::TurnsOrText(field) => {
                when(field, value(field).is_some_and(|found| found.is_string() || is_turns(found, "role")))
            }
            Self::Json(field, key) => when(field, value(field).is_some_and(|found| holds(found, key))),
            Self::JsonList(field) => when(
                field,
                value(field).and_then(Value::as_str).is_some_and(|text| text.trim_start().starts_with('[')),
            ),
            Self::OneOf(fields) => fields.iter().copied().find(|field| row.has(field)),
        }
    }

    /// How much the sign says about the field: of two layouts with the same fields the one that asks for more is meant.
    pub(crate) fn strength(self) -> usize {
        match self {
            Self::Any(_) | Self::OneOf(_) => 0,
            Self::Text(_) | Self::List(_) | Self::Object(_) | Self::TurnsOrText(_) => 1,
            Self::Turns(..) | Self::Json(..) | Self::JsonList(_) => 2,
        }
    }

    /// The field as an error message names it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Any(field)
            | Self::Text(field)
            | Self::List(field)
            | Self::Object(field)
            | Self::Turns(field, _)
            | Self::TurnsOrText(field)
            | Self::Json(field, _)
            | Self::JsonList(field) => field.to_owned(),
            Self::OneOf(fields) => fields.join("|"),
        }
    }
}

fn is_turns(value: &Value, key: &str) -> bool {
    match value {
        Value::Array(items) => items.first().is_some_and(|item| item.get(key).is_some()),
        Value::Object(fields) => fields.contains_key(key),
        _ => false,
    }
}

fn holds(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(fields) => fields.contains_key(key),
        Value::String(text) => {
            text.trim_start().starts_with('{')
                && serde_json::from_str::<Value>(text).is_ok_and(|inner| inner.get(key).is_some())
        }
        _ => false,
    }
}
