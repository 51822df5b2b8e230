//! Types that the value of a key can have.

mod choice;
mod list;
mod number;
mod text;

use crate::error::{Fault, Problem, RecipeError};
use crate::yaml::{Content, Document, Node};

pub(crate) use choice::choices;
pub use number::{Count, Fraction, NonNegative, Nucleus, Part, Positive, Share, Smoothing};

/// A value that one key can hold: what is accepted, how it is read, how it is written.
pub(crate) trait Setting: Sized {
    /// What is accepted, in words.
    fn accepts() -> String;

    /// The words that are chosen from, each with what it means.
    fn words() -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Checks a value.
    fn read(at: &At<'_>) -> Result<Self, RecipeError>;

    /// The value as it is written.
    fn write(&self) -> Content;
}

/// A value to be read: itself, its document, and the way to it.
#[derive(Clone)]
pub(crate) struct At<'a> {
    pub(crate) document: &'a Document,
    pub(crate) path: String,
    pub(crate) node: &'a Node,
}

impl<'a> At<'a> {
    /// The `index`-th item of this list.
    pub(crate) fn item(&self, index: usize, node: &'a Node) -> Self {
        Self { document: self.document, path: format!("{}[{index}]", self.path), node }
    }

    /// The inner key `name` of this mapping.
    pub(crate) fn field(&self, name: &str, node: &'a Node) -> Self {
        Self { document: self.document, path: format!("{}.{name}", self.path), node }
    }

    /// A value of another type than expected.
    pub(crate) fn wrong_type(&self, expected: impl Into<String>) -> RecipeError {
        let fix = match &self.node.content {
            Content::Null => format!("give `{}` a value, or remove it to take its default", self.path),
            Content::Text(_) => format!("set `{}` without quotes or units", self.path),
            _ => format!("write `{}` in that form; a text that looks like a number needs quotes", self.path),
        };
        self.fault(Problem::WrongType, expected, fix)
    }

    /// A value outside its range.
    pub(crate) fn out_of_range(&self, expected: impl Into<String>) -> RecipeError {
        self.fault(Problem::OutOfRange, expected, format!("set `{}` within its range", self.path))
    }

    /// Any problem with this value.
    pub(crate) fn fault(
        &self,
        problem: Problem,
        expected: impl Into<String>,
        fix: impl Into<String>,
    ) -> RecipeError {
        self.fault_found(problem, self.node.content.describe(), expected, fix)
    }

    /// Any problem with what this value stands for.
    pub(crate) fn fault_found(
        &self,
        problem: Problem,
        found: impl Into<String>,
        expected: impl Into<String>,
        fix: impl Into<String>,
    ) -> RecipeError {
        let fault = Fault {
            problem,
            place: self.document.place(&self.node.origin),
            key: Some(self.path.clone()),
            found: found.into(),
            expected: expected.into(),
            fix: fix.into(),
        };
        fault.into()
    }
}

impl Setting for bool {
    fn accepts() -> String {
        "true or false".into()
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        match at.node.content {
            Content::Bool(value) => Ok(value),
            _ => Err(at.wrong_type(Self::accepts())),
        }
    }

    fn write(&self) -> Content {
        Content::Bool(*self)
    }
}

impl<T: Setting> Setting for Option<T> {
    fn accepts() -> String {
        format!("{}, or null", T::accepts())
    }

    fn words() -> Vec<(&'static str, String)> {
        T::words()
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        match at.node.content {
            Content::Null => Ok(None),
            _ => T::read(at).map(Some),
        }
    }

    fn write(&self) -> Content {
        self.as_ref().map_or(Content::Null, T::write)
    }
}
