//! A document that is read for one kind of training.

use super::Key;
use crate::error::{Fault, Place, Problem, RecipeError};
use crate::kind::Kind;
use crate::recipe::Recipe;
use crate::setting::{At, Setting};
use crate::yaml::{Content, Document};

/// A document and the kind of training it is read for.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) kind: Kind,
    pub(crate) document: &'a Document,
}

impl<'a> Reader<'a> {
    /// The value of a key, if it was given.
    pub(crate) fn at(&self, key: &str) -> Option<At<'a>> {
        let node = self.document.get(key)?;
        Some(At { document: self.document, path: key.to_owned(), node })
    }

    /// The setting of a key, if it was given.
    pub(crate) fn get<T: Setting>(&self, key: &str) -> Result<Option<T>, RecipeError> {
        self.at(key).map(|at| T::read(&at)).transpose()
    }

    /// The setting of a key that has no default.
    pub(crate) fn require<T: Setting>(&self, key: &str) -> Result<T, RecipeError> {
        self.get(key)?.ok_or_else(|| {
            let fault = Fault {
                problem: Problem::MissingKey,
                place: Place::File(self.document.file.clone()),
                key: Some(key.to_owned()),
                found: "nothing".into(),
                expected: T::accepts(),
                fix: format!("add `{key}: …` to the recipe, or --set {key}=…"),
            };
            fault.into()
        })
    }

    /// The setting of a key, or its default for this kind of training.
    pub(crate) fn or_default<T: Setting>(
        &self,
        key: &str,
        default: impl Fn(Kind) -> T,
    ) -> Result<T, RecipeError> {
        Ok(self.get(key)?.unwrap_or_else(|| default(self.kind)))
    }

    /// Whether a key was given a value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.document.get(key).is_some_and(|node| node.content != Content::Null)
    }

    /// The index of the word that `key` chooses among `words`.
    pub(crate) fn choose(&self, key: &str, words: &[&str], default: &str) -> Result<usize, RecipeError> {
        let index = |word: &str| words.iter().position(|known| *known == word);
        match self.at(key) {
            Some(at) => at.word().and_then(|word| index(&word)).ok_or_else(|| at.unknown_choice(words)),
            None => Ok(index(default).unwrap_or_default()),
        }
    }

    /// Refuses keys of `all` that are not among `own`: with `key: word` they would have no effect.
    pub(crate) fn forbid(&self, key: &str, word: &str, all: &[Key], own: &[Key]) -> Result<(), RecipeError> {
        let mut foreign = all.iter().filter(|other| own.iter().all(|own| own.name != other.name));
        match foreign.find(|other| self.has(other.name)) {
            None => Ok(()),
            Some(other) => Err(self.conflict(
                other.name,
                format!("nothing here with `{key}: {word}`, which makes no use of it"),
                format!("remove `{}`, or choose another `{key}`", other.name),
            )),
        }
    }

    /// What stands for a key that was not given, in the words of an error.
    fn default_of(&self, key: &str) -> String {
        let default = Recipe::keys(self.kind).into_iter().find(|known| known.name == key);
        match default.and_then(|key| key.default) {
            Some(default) => format!("its default, {default}"),
            None => "nothing".into(),
        }
    }

    /// Two settings that exclude each other, told at `key`.
    pub(crate) fn conflict(
        &self,
        key: &str,
        expected: impl Into<String>,
        fix: impl Into<String>,
    ) -> RecipeError {
        let found = match self.document.get(key) {
            Some(node) => node.content.describe(),
            None => self.default_of(key),
        };
        let fault = Fault {
            problem: Problem::Conflict,
            place: self.document.place_of(key),
            key: Some(key.to_owned()),
            found,
            expected: expected.into(),
            fix: fix.into(),
        };
        fault.into()
    }
}
