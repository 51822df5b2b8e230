//! Words and paths.

use std::path::PathBuf;

use super::{At, Setting};
use crate::error::RecipeError;
use crate::yaml::Content;

/// Reads a text that is not empty.
fn text(at: &At<'_>, expected: &str) -> Result<String, RecipeError> {
    match &at.node.content {
        Content::Text(text) if !text.trim().is_empty() => Ok(text.clone()),
        Content::Text(_) => Err(at.out_of_range(expected)),
        _ => Err(at.wrong_type(expected)),
    }
}

impl Setting for String {
    fn accepts() -> String {
        "a text".into()
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        text(at, "a text that is not empty")
    }

    fn write(&self) -> Content {
        Content::Text(self.clone())
    }
}

/// A path counts from the base folder of the document.
impl Setting for PathBuf {
    fn accepts() -> String {
        "a path".into()
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        text(at, "a path").map(|path| at.document.base_dir.join(path))
    }

    fn write(&self) -> Content {
        Content::Text(self.to_string_lossy().into_owned())
    }
}
