//! Groups of keys: structs whose fields are keys, and enums of which one key chooses the variant.
//!
//! A field's name is its key and its documentation the key's: the reference of all keys is made from them.

mod alternatives;
mod reader;
mod settings;

use crate::error::RecipeError;
use crate::kind::Kind;
use crate::setting::Setting;
use crate::yaml::Content;

pub(crate) use alternatives::alternatives;
pub(crate) use reader::Reader;
pub(crate) use settings::settings;

/// A key of a recipe, as the reference shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub doc: String,
    /// What it accepts.
    pub accepts: String,
    /// Its default as it would be written, or `None` when it must be given.
    pub default: Option<String>,
    /// The words it chooses from, each with what it means.
    pub words: Vec<(&'static str, String)>,
}

impl Key {
    /// The key of a setting.
    pub(crate) fn new<T: Setting>(name: &'static str, doc: &[&str], default: Option<T>) -> Self {
        let default = default.map(|value| value.write().to_string());
        Self { name, doc: joined(doc), accepts: T::accepts(), default, words: T::words() }
    }
}

/// The lines of a doc comment as one text.
pub(crate) fn joined(doc: &[&str]) -> String {
    doc.concat().trim().to_owned()
}

/// What has been written, in order.
pub(crate) type Entries = Vec<(&'static str, Content)>;

/// A group of keys.
pub(crate) trait Section: Sized {
    /// Adds the keys of this group, those of all variants of an enum.
    fn keys(kind: Kind, keys: &mut Vec<Key>);

    /// Reads the group.
    fn read(reader: &Reader<'_>) -> Result<Self, RecipeError>;

    /// Writes what reading gives back.
    fn write(&self, out: &mut Entries);
}

/// Adds the keys of a group that are not there yet: variants may share keys.
pub(crate) fn add_new<S: Section>(kind: Kind, keys: &mut Vec<Key>) {
    let mut new = Vec::new();
    S::keys(kind, &mut new);
    for key in new {
        if keys.iter().all(|known| known.name != key.name) {
            keys.push(key);
        }
    }
}

/// The default for `kind`; with it the closures of the macros need no types.
pub(crate) fn default_for<T>(kind: Kind, default: impl Fn(Kind) -> T) -> T {
    default(kind)
}
