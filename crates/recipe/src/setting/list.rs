//! Lists.

use super::{At, Setting};
use crate::error::RecipeError;
use crate::yaml::Content;

/// At least one item. A single value is a list of one.
impl<T: Setting> Setting for Vec<T> {
    fn accepts() -> String {
        format!("one or a list of: {}", T::accepts())
    }

    fn words() -> Vec<(&'static str, String)> {
        T::words()
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        match &at.node.content {
            Content::List(items) if items.is_empty() => Err(at.out_of_range("at least one item")),
            Content::List(items) => {
                items.iter().enumerate().map(|(index, node)| T::read(&at.item(index, node))).collect()
            }
            Content::Null => Err(at.wrong_type(Self::accepts())),
            _ => T::read(at).map(|item| vec![item]),
        }
    }

    fn write(&self) -> Content {
        Content::list(self.iter().map(T::write))
    }
}
