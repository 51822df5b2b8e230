//! A recipe's text and overrides as one mapping.

use std::path::{Path, PathBuf};

use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Error, Options};

use crate::error::{Fault, Place, Problem, RecipeError};

use super::node::{Content, Node, Origin, shorten};

/// Far above any recipe, far below what hurts.
const MAX_BYTES: usize = 1 << 20;

/// All keys that were given, each once, with the place of its value.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) file: PathBuf,
    pub(crate) base_dir: PathBuf,
    entries: Vec<(String, Node)>,
}

impl Document {
    /// Parses the text of `file`. Overrides are `key=value` with a YAML value; the last one of a key counts.
    pub(crate) fn parse(
        file: &Path,
        text: &str,
        base_dir: &Path,
        overrides: &[String],
    ) -> Result<Self, RecipeError> {
        let whole = Place::File(file.to_owned());
        let node = parse(text, |line| line.map_or(whole.clone(), |line| Place::Line(file.to_owned(), line)))?;
        let entries = match node.content {
            Content::Map(entries) => entries,
            Content::Null => Vec::new(),
            other => return Err(not_a_mapping(whole, &other).into()),
        };
        let mut document = Self { file: file.to_owned(), base_dir: base_dir.to_owned(), entries };
        for text in overrides {
            document.set(text)?;
        }
        Ok(document)
    }

    /// The value of a key, if it was given.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// What was given, in the order of the recipe.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.entries.iter().map(|(name, node)| (name.as_str(), node))
    }

    /// The place of a value.
    pub(crate) fn place(&self, origin: &Origin) -> Place {
        match origin {
            Origin::Line(line) => Place::Line(self.file.clone(), *line),
            Origin::Override(text) => Place::Override(text.clone()),
        }
    }

    /// The place of a key, or the recipe when the key was not given.
    pub(crate) fn place_of(&self, key: &str) -> Place {
        self.get(key).map_or(Place::File(self.file.clone()), |node| self.place(&node.origin))
    }

    fn set(&mut self, text: &str) -> Result<(), RecipeError> {
        let place = Place::Override(shorten(text));
        let Some((key, value)) = text.split_once('=') else {
            return Err(no_assignment(place, text).into());
        };
        let mut node = parse(value, |_| place.clone())?;
        node.move_to(&Origin::Override(shorten(text)));
        let key = key.trim().to_owned();
        self.entries.retain(|(name, _)| *name != key);
        self.entries.push((key, node));
        Ok(())
    }
}

impl Node {
    fn move_to(&mut self, origin: &Origin) {
        self.origin = origin.clone();
        match &mut self.content {
            Content::List(items) => items.iter_mut().for_each(|item| item.move_to(origin)),
            Content::Map(entries) => entries.iter_mut().for_each(|(_, node)| node.move_to(origin)),
            _ => {}
        }
    }
}

fn parse(text: &str, place: impl Fn(Option<usize>) -> Place) -> Result<Node, RecipeError> {
    if text.len() > MAX_BYTES {
        return Err(too_long(place(None), text.len()).into());
    }
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
        refused(place(line), &error).into()
    })
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 16,
            max_nodes: 20_000,
            max_events: 60_000,
            max_documents: 8,
            max_aliases: 100,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 10_000 },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn refused(place: Place, error: &Error) -> Fault {
    let (problem, found, expected, fix) = match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("a key");
            (Problem::DuplicateKey, format!("{key} a second time"), "every key once", "remove one of the two")
        }
        Error::MultipleDocuments { .. } => {
            (Problem::Syntax, "a second document".into(), "one mapping of keys", "remove the line ---")
        }
        Error::MergeKeyNotAllowed { .. } => {
            (Problem::Syntax, "a merge key <<".into(), "keys with values", "write the merged keys out")
        }
        Error::NonFiniteFloat { value, .. } => {
            (Problem::OutOfRange, shorten(value), "a finite number", "write a number, or null for none")
        }
        Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } => {
            (Problem::Syntax, error.to_string(), "a plain recipe", "write the values out without aliases")
        }
        _ => (Problem::Syntax, error.to_string(), "YAML, one `key: value` a line", "mend the line"),
    };
    let key = match error {
        Error::DuplicateMappingKey { key, .. } => key.clone(),
        _ => None,
    };
    Fault { problem, place, key, found, expected: expected.into(), fix: fix.into() }
}

fn not_a_mapping(place: Place, content: &Content) -> Fault {
    Fault {
        problem: Problem::Syntax,
        place,
        key: None,
        found: content.describe(),
        expected: "a mapping".into(),
        fix: "write one `key: value` a line".into(),
    }
}

fn too_long(place: Place, bytes: usize) -> Fault {
    Fault {
        problem: Problem::Unreadable,
        place,
        key: None,
        found: format!("{bytes} bytes"),
        expected: format!("at most {MAX_BYTES}"),
        fix: "give a recipe, not data".into(),
    }
}

fn no_assignment(place: Place, text: &str) -> Fault {
    Fault {
        problem: Problem::Syntax,
        place,
        key: None,
        found: format!("{:?}", shorten(text)),
        expected: "key=value".into(),
        fix: "write --set learning_rate=1e-5".into(),
    }
}
