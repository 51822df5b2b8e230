//! One source of rows.

use std::path::PathBuf;

use crate::error::{Problem, RecipeError};
use crate::nearest::nearest;
use crate::setting::{At, Count, Positive, Setting};
use crate::yaml::{Content, Node};

/// A source of rows: a path alone, or a mapping with more.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetSettings {
    /// A file, or a folder of shards.
    pub path: PathBuf,
    /// Name of the format; `auto` recognises it.
    pub format: String,
    /// How often its rows are drawn relative to the other sources. Default 1.
    pub weight: Positive,
    /// At most so many rows, counted from the first.
    pub max_samples: Option<Count>,
    /// The part of a folder with several, such as `train`.
    pub split: Option<String>,
    /// The folder that image paths start from; without it that of the file.
    pub images: Option<PathBuf>,
}

/// The inner keys.
const FIELDS: [&str; 6] = ["path", "format", "weight", "max_samples", "split", "images"];

impl DatasetSettings {
    /// A source with nothing but a path.
    pub fn new(path: PathBuf) -> Self {
        let (max_samples, split, images) = (None, None, None);
        Self { path, format: "auto".into(), weight: Positive::constant(1.0), max_samples, split, images }
    }

    fn from_map(at: &At<'_>, entries: &[(String, Node)]) -> Result<Self, RecipeError> {
        if let Some((name, node)) = entries.iter().find(|(name, _)| !FIELDS.contains(&name.as_str())) {
            return Err(unknown_field(&at.field(name, node), name));
        }
        let fields = Fields { at, entries };
        let Some(path) = fields.get("path")? else {
            let fix = format!("add `path: …` to `{}`", at.path);
            return Err(at.fault(Problem::MissingKey, "a mapping with the key `path`", fix));
        };
        let bare = Self::new(path);
        Ok(Self {
            format: fields.get("format")?.unwrap_or(bare.format),
            weight: fields.get("weight")?.unwrap_or(bare.weight),
            max_samples: fields.get("max_samples")?.flatten(),
            split: fields.get("split")?.flatten(),
            images: fields.get("images")?.flatten(),
            path: bare.path,
        })
    }
}

struct Fields<'a> {
    at: &'a At<'a>,
    entries: &'a [(String, Node)],
}

impl Fields<'_> {
    fn get<T: Setting>(&self, name: &str) -> Result<Option<T>, RecipeError> {
        let entry = self.entries.iter().find(|(key, _)| key == name);
        entry.map(|(_, node)| T::read(&self.at.field(name, node))).transpose()
    }
}

fn unknown_field(at: &At<'_>, name: &str) -> RecipeError {
    let fix = match nearest(name, FIELDS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("remove `{name}`"),
    };
    at.fault(Problem::UnknownKey, format!("one of the keys {}", FIELDS.join(", ")), fix)
}

impl Setting for DatasetSettings {
    fn accepts() -> String {
        format!("a path, or {{{}}}", FIELDS.join(", "))
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        match &at.node.content {
            Content::Text(_) => PathBuf::read(at).map(Self::new),
            Content::Map(entries) => Self::from_map(at, entries),
            _ => Err(at.wrong_type(Self::accepts())),
        }
    }

    fn write(&self) -> Content {
        let fields = [
            ("path", self.path.write()),
            ("format", self.format.write()),
            ("weight", self.weight.write()),
            ("max_samples", self.max_samples.write()),
            ("split", self.split.write()),
            ("images", self.images.write()),
        ];
        Content::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }
}
