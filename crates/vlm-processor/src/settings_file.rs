//! Reading one processor's section out of the files that may hold it.

use std::io::Read;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use thiserror::Error;

use crate::regular_file::open_regular;

/// Largest settings file that is read: the published ones are below 2 kB.
const MAX_BYTES: u64 = 1 << 20;

const NESTED: &str = "processor_config.json";
const IMAGE: &str = "preprocessor_config.json";
const VIDEO: &str = "video_preprocessor_config.json";

/// Why the pixel settings of a model folder cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// None of the files that could hold the section is there.
    #[error(
        "{folder}: no settings for {processor} found; expected {expected}: copy the file from the published model",
        folder = folder.display()
    )]
    Missing {
        /// The model folder.
        folder: PathBuf,
        /// `image_processor` or `video_processor`.
        processor: &'static str,
        /// The files it is looked for in.
        expected: &'static str,
    },
    /// A file is there but cannot be read.
    #[error("{file}: cannot be read ({source}); expected a readable file: check its permissions", file = file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is larger than any settings.
    #[error("{file}: found more than {limit} bytes; expected a settings file of a few kB", file = file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// Bytes allowed.
        limit: u64,
    },
    /// A file is not a JSON object.
    #[error("{file}: not readable as settings ({detail}); expected one JSON object: copy the file anew", file = file.display())]
    Json {
        /// The file.
        file: PathBuf,
        /// What the parser found and where.
        detail: String,
    },
    /// A key holds a value that makes no sense.
    #[error("{file}: key `{key}`: found {found}; expected {expected}: correct the file", file = file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// The key, with the keys around it.
        key: String,
        /// The value, shortened.
        found: String,
        /// What would be accepted.
        expected: String,
    },
}

/// The keys of one processor and where they came from.
pub(crate) struct Section {
    file: PathBuf,
    prefix: &'static str,
    keys: Map<String, Value>,
}

/// The image and the video section of a folder.
pub(crate) fn read_sections(folder: &Path) -> Result<(Section, Section), SettingsError> {
    let missing = |processor, expected| SettingsError::Missing { folder: folder.into(), processor, expected };
    let mut nested = read_object(folder.join(NESTED))?.unwrap_or_default();
    let image = match nested_section(folder, &mut nested, "image_processor")? {
        Some(section) => section,
        None => first_of(folder, &[IMAGE])?
            .ok_or_else(|| missing("image_processor", "processor_config.json or preprocessor_config.json"))?,
    };
    let video = match nested_section(folder, &mut nested, "video_processor")? {
        Some(section) => section,
        None => first_of(folder, &[VIDEO, IMAGE])?.ok_or_else(|| {
            missing(
                "video_processor",
                "processor_config.json with `video_processor`, video_preprocessor_config.json or \
                 preprocessor_config.json",
            )
        })?,
    };
    Ok((image, video))
}

fn nested_section(
    folder: &Path,
    nested: &mut Map<String, Value>,
    key: &'static str,
) -> Result<Option<Section>, SettingsError> {
    let file = folder.join(NESTED);
    match nested.remove(key) {
        None => Ok(None),
        Some(Value::Object(keys)) => Ok(Some(Section { file, prefix: key, keys })),
        Some(other) => {
            let found = shortened(&other);
            Err(SettingsError::Value { file, key: key.into(), found, expected: "an object".into() })
        }
    }
}

fn first_of(folder: &Path, names: &[&str]) -> Result<Option<Section>, SettingsError> {
    for name in names {
        let file = folder.join(name);
        if let Some(keys) = read_object(file.clone())? {
            return Ok(Some(Section { file, prefix: "", keys }));
        }
    }
    Ok(None)
}

/// The object in `file`; `None` when there is no such file.
fn read_object(file: PathBuf) -> Result<Option<Map<String, Value>>, SettingsError> {
    let mut text = Vec::new();
    let read = open_regular(&file).and_then(|open| open.take(MAX_BYTES + 1).read_to_end(&mut text));
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(SettingsError::Read { file, source }),
        Ok(_) if text.len() as u64 > MAX_BYTES => {
            return Err(SettingsError::TooLarge { file, limit: MAX_BYTES });
        }
        Ok(_) => {}
    }
    match serde_json::from_slice(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text)) {
        Ok(keys) => Ok(Some(keys)),
        Err(error) => Err(SettingsError::Json { file, detail: error.to_string() }),
    }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

impl Section {
    /// The value of a key that is there and not null.
    pub fn given(&self, key: &str) -> Option<&Value> {
        self.keys.get(key).filter(|value| !value.is_null())
    }

    /// A whole number within `range`, or the default where the key is absent.
    pub fn count(
        &self,
        key: &str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, SettingsError> {
        self.whole(key, self.keys.get(key), default, range)
    }

    /// The same for a key inside `size`. A `size` that lacks the key is an error, an absent `size` is not.
    pub fn edge(
        &self,
        key: &str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, SettingsError> {
        let path = format!("size.{key}");
        match self.given("size") {
            None => Ok(default),
            Some(Value::Object(size)) => {
                self.whole(&path, Some(size.get(key).unwrap_or(&Value::Null)), default, range)
            }
            Some(other) => Err(self.wrong("size", other, "an object with shortest_edge and longest_edge")),
        }
    }

    fn whole(
        &self,
        key: &str,
        value: Option<&Value>,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, SettingsError> {
        let Some(value) = value else { return Ok(default) };
        let number = value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| range.contains(n));
        number.ok_or_else(|| {
            let expected = format!("a whole number from {} to {}", range.start(), range.end());
            self.wrong(key, value, &expected)
        })
    }

    /// A finite number above zero, not so small that its inverse overflows `f32`.
    pub fn positive(&self, key: &str, default: f64) -> Result<f64, SettingsError> {
        let Some(value) = self.keys.get(key) else { return Ok(default) };
        let number = value.as_f64().filter(|x| x.is_finite() && *x > 1e-30 && *x < 1e30);
        number.ok_or_else(|| self.wrong(key, value, "a finite number above zero"))
    }

    /// One number for each channel, or one for all.
    pub fn channels(
        &self,
        key: &str,
        default: [f32; 3],
        accepts: fn(f32) -> bool,
    ) -> Result<[f32; 3], SettingsError> {
        let Some(value) = self.keys.get(key) else { return Ok(default) };
        let numbers = match value {
            Value::Array(items) if items.len() == 3 => {
                [items[0].as_f64(), items[1].as_f64(), items[2].as_f64()]
            }
            single => [single.as_f64(); 3],
        };
        match numbers.map(|x| x.map(|x| x as f32).filter(|x| accepts(*x))) {
            [Some(r), Some(g), Some(b)] => Ok([r, g, b]),
            _ => Err(self.wrong(key, value, "three finite numbers (above zero for a deviation)")),
        }
    }

    /// A boolean, if the key is there.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, SettingsError> {
        match self.given(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.wrong(key, other, "true or false")),
        }
    }

    /// Refuses settings that ask for another pipeline than resize, rescale, normalise in RGB.
    pub fn refuse_other_pipelines(&self) -> Result<(), SettingsError> {
        for key in ["do_resize", "do_rescale", "do_normalize", "do_convert_rgb"] {
            if self.flag(key)? == Some(false) {
                return Err(self.unsupported(key, "true: the vision tower was trained with this step"));
            }
        }
        match self.given("resample") {
            None => Ok(()),
            Some(value) if value.as_u64() == Some(3) => Ok(()),
            Some(_) => Err(self.unsupported("resample", "3 (bicubic)")),
        }
    }

    /// A value that could mean something, but not to us.
    pub fn unsupported(&self, key: &str, expected: &str) -> SettingsError {
        self.wrong(key, self.keys.get(key).unwrap_or(&Value::Null), expected)
    }

    fn wrong(&self, key: &str, value: &Value, expected: &str) -> SettingsError {
        let key = if self.prefix.is_empty() { key.into() } else { format!("{}.{key}", self.prefix) };
        SettingsError::Value {
            file: self.file.clone(),
            key,
            found: shortened(value),
            expected: expected.into(),
        }
    }
}
