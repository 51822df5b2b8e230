//! A configuration in blocks, as publications write them, seen as a flat list of dotted keys.

use crate::nearest::nearest;
use serde_json::{Map, Value};

/// Why a nested configuration cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NestedError {
    /// A key that the publication does not have.
    #[error("`{key}`: found a key that the publication does not have, expected one of {block}; {advice}")]
    Unknown {
        /// The key.
        key: String,
        /// The keys of its block.
        block: String,
        /// The nearest key.
        advice: String,
    },
    /// A value of the wrong kind.
    #[error("`{key}`: found {found}, expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// The value.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// The text is no mapping in YAML.
    #[error("{0}")]
    Yaml(String),
}

/// A nested configuration: `{a: {b: 1}}` has the key `a.b`. A value of null counts as absent.
///
/// ```
/// let read = recipe::Nested::parse("optimizer: {lr: 5.0e-6}\nseed: 3\nclip_grad_norm: null\n")?;
/// assert_eq!(read.number("seed")?, Some(3));
/// assert_eq!(read.number("clip_grad_norm")?, None);
/// let error = read.check(&["optimizer.lr", "seeds", "clip_grad_norm"]).unwrap_err();
/// assert!(error.to_string().contains("did you mean `seeds`?"));
/// # Ok::<(), recipe::NestedError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nested(Map<String, Value>);

impl Nested {
    /// Reads a mapping in YAML.
    pub fn parse(text: &str) -> Result<Self, NestedError> {
        let tree: Map<String, Value> =
            serde_saphyr::from_str(text).map_err(|error| NestedError::Yaml(error.to_string()))?;
        let mut flat = Map::new();
        flatten(&tree, "", &mut flat);
        Ok(Self(flat))
    }

    /// Whether one of these is a block.
    pub fn has_block(&self, names: &[&str]) -> bool {
        let within =
            |key: &String, name: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.0.keys().any(|key| names.iter().any(|name| within(key, name)))
    }

    /// Fails at the first key that is not known; a known key that ends in `.*` stands for all keys of its block.
    pub fn check(&self, known: &[&str]) -> Result<(), NestedError> {
        let is_known = |key: &str| {
            known.iter().any(|name| match name.strip_suffix(".*") {
                Some(block) => {
                    key.strip_prefix(block).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                }
                None => key == *name,
            })
        };
        match self.0.keys().find(|key| !is_known(key)) {
            None => Ok(()),
            Some(key) => Err(unknown(key, known)),
        }
    }

    /// All keys with their values.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Sets a value, given as in YAML.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), NestedError> {
        let one = Self::parse(&format!("value: {value}"))?;
        let value = one.0.get("value").ok_or_else(|| wrong(key, &Value::from(value), "one value"))?;
        self.0.insert(key.to_owned(), value.clone());
        Ok(())
    }

    /// A value that is there and not null.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// A text.
    pub fn text(&self, key: &str) -> Result<Option<&str>, NestedError> {
        self.typed(key, "a text", Value::as_str)
    }

    /// A whole number.
    pub fn number(&self, key: &str) -> Result<Option<u64>, NestedError> {
        self.typed(key, "a whole number from 0", Value::as_u64)
    }

    /// A number.
    pub fn real(&self, key: &str) -> Result<Option<f64>, NestedError> {
        self.typed(key, "a number", Value::as_f64)
    }

    /// A switch.
    pub fn switch(&self, key: &str) -> Result<Option<bool>, NestedError> {
        self.typed(key, "true or false", Value::as_bool)
    }

    /// The error that says that a value should be something else.
    pub fn refuse(&self, key: &str, expected: impl Into<String>) -> NestedError {
        wrong(key, self.0.get(key).unwrap_or(&Value::Null), expected)
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, NestedError> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| wrong(key, value, expected)),
        }
    }
}

fn flatten(block: &Map<String, Value>, path: &str, flat: &mut Map<String, Value>) {
    for (name, value) in block {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Object(inner) => flatten(inner, &path, flat),
            other => {
                flat.insert(path, other.clone());
            }
        }
    }
}

fn wrong(key: &str, value: &Value, expected: impl Into<String>) -> NestedError {
    NestedError::Value { key: key.to_owned(), found: value.to_string(), expected: expected.into() }
}

fn unknown(key: &str, known: &[&str]) -> NestedError {
    let block_of = |key: &str| key.rsplit_once('.').map_or(String::new(), |(block, _)| block.to_owned());
    let advice = match nearest(key, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "remove it".to_owned(),
    };
    let own = block_of(key);
    let siblings: Vec<&str> = known.iter().copied().filter(|name| block_of(name) == own).collect();
    let block = if siblings.is_empty() {
        let mut blocks: Vec<&str> = known.iter().map(|name| name.split('.').next().unwrap_or(name)).collect();
        blocks.dedup();
        blocks.join(", ")
    } else {
        siblings.join(", ")
    };
    NestedError::Unknown { key: key.to_owned(), block, advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_dotted_and_values_are_of_their_kind() {
        let read = Nested::parse("a: {b: {c: 1.5}, d: no-number}\ne: [1, 2]\n").unwrap();
        assert_eq!(read.real("a.b.c"), Ok(Some(1.5)));
        assert!(read.has_block(&["a"]) && !read.has_block(&["e"]));
        assert_eq!(
            read.number("a.d").unwrap_err().to_string(),
            "`a.d`: found \"no-number\", expected a whole number from 0"
        );
        assert!(read.check(&["a.*", "e"]).is_ok());
        let refused = read.check(&["a.b.c", "a.dd", "e"]).unwrap_err().to_string();
        assert!(refused.contains("`a.d`") && refused.contains("expected one of a.dd"), "{refused}");
    }

    #[test]
    fn a_value_can_be_set_as_it_is_written() {
        let mut read = Nested::parse("a: {b: 1}\n").unwrap();
        read.set("a.b", "2").unwrap();
        read.set("c", "null").unwrap();
        assert_eq!((read.number("a.b"), read.get("c")), (Ok(Some(2)), None));
        assert!(Nested::parse("- 1\n").is_err());
    }
}
