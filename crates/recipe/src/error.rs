//! What is wrong with a recipe, where, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a recipe is refused. Its text names the place, the key, what was found, what was expected and the remedy.
///
/// ```
/// use recipe::{Kind, Problem, Recipe};
/// let error = Recipe::parse(Kind::Sft, "learnin_rate: 1e-5", "".as_ref(), &[]).unwrap_err();
/// assert_eq!((error.problem(), error.key()), (Problem::UnknownKey, Some("learnin_rate")));
/// assert!(error.to_string().contains("did you mean `learning_rate`?"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct RecipeError(Box<Fault>);

/// The kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The recipe cannot be read: there is no such file, it is too big or no text.
    Unreadable,
    /// The recipe is no YAML, or more YAML than a recipe needs.
    Syntax,
    /// A key stands twice.
    DuplicateKey,
    /// A key that nobody knows, or that belongs to another kind of training.
    UnknownKey,
    /// A key that has no default is not there.
    MissingKey,
    /// A value of the wrong type.
    WrongType,
    /// A number or a list outside its range.
    OutOfRange,
    /// A word that is none of the choices.
    UnknownChoice,
    /// Two settings that exclude each other.
    Conflict,
    /// A file or folder that does not exist or is not what it should be.
    NotThere,
}

impl Problem {
    /// How much of a recipe is still to be checked where this is found: values come first, then what they mean together,
    /// then files.
    pub(crate) fn still_to_check(self) -> usize {
        match self {
            Self::NotThere => 0,
            Self::Conflict => 1,
            _ => 2,
        }
    }
}

/// Where in the request something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A line of the recipe, counted from 1.
    Line(PathBuf, usize),
    /// The recipe as a whole.
    File(PathBuf),
    /// An override of the command line.
    Override(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) problem: Problem,
    pub(crate) place: Place,
    pub(crate) key: Option<String>,
    pub(crate) found: String,
    pub(crate) expected: String,
    pub(crate) fix: String,
}

impl RecipeError {
    /// A recipe that cannot be read.
    pub(crate) fn unreadable(path: &Path, found: String, expected: &str, fix: &str) -> Self {
        let fault = Fault {
            problem: Problem::Unreadable,
            place: Place::File(path.to_owned()),
            key: None,
            found,
            expected: expected.into(),
            fix: fix.into(),
        };
        fault.into()
    }

    /// The kind of problem.
    pub fn problem(&self) -> Problem {
        self.0.problem
    }

    /// Where it stands.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// The key it is about, with the way to an inner one: `datasets[1].weight`.
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }
}

impl From<Fault> for RecipeError {
    fn from(fault: Fault) -> Self {
        Self(Box::new(fault))
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if let Some(key) = &self.key {
            write!(f, "`{key}`: ")?;
        }
        write!(f, "found {}, expected {}; {}", self.found, self.expected, self.fix)
    }
}

impl Place {
    /// The recipe, if the place is in it.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Line(file, _) | Self::File(file) => Some(file),
            Self::Override(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(file, line) => write!(f, "{}:{line}", file.display()),
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Override(text) => write!(f, "--set {text}"),
        }
    }
}
