//! Which layers get an adapter.

use crate::error::{Problem, RecipeError};
use crate::setting::{At, Setting};
use crate::yaml::Content;

/// The layers that get an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// Every linear layer but the output head.
    AllLinear,
    /// Layers whose path ends in one of these names.
    Names(Vec<String>),
    /// Layers whose whole path matches this regular expression.
    Pattern(String),
}

impl Setting for Targets {
    fn accepts() -> String {
        "`all-linear`, a list of names, or a regular expression".into()
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        match &at.node.content {
            Content::List(_) => Vec::read(at).map(Self::Names),
            Content::Text(text) if text == "all-linear" => Ok(Self::AllLinear),
            Content::Text(_) => pattern(at).map(Self::Pattern),
            _ => Err(at.wrong_type(Self::accepts())),
        }
    }

    fn write(&self) -> Content {
        match self {
            Self::AllLinear => Content::word("all-linear"),
            Self::Names(names) => names.write(),
            Self::Pattern(pattern) => pattern.write(),
        }
    }
}

/// Reads a regular expression that the `regex` crate knows.
fn pattern(at: &At<'_>) -> Result<String, RecipeError> {
    let pattern = String::read(at)?;
    match regex::Regex::new(&pattern) {
        Ok(_) => Ok(pattern),
        Err(_) => {
            let fix = "mend the expression; it cannot look ahead or back. A list of names, [q_proj, v_proj], often does";
            Err(at.fault(Problem::OutOfRange, "a regular expression", fix))
        }
    }
}

impl Targets {
    /// A regular expression may match any layer.
    pub(crate) fn is_pattern(&self) -> bool {
        matches!(self, Self::Pattern(_))
    }
}
