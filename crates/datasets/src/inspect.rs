//! What is in a file: its layout, its fields, how long its texts and how large its pictures are, what is broken.

mod report;
mod spread;

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use serde_json::Value;
use vlm_processor::{ImageLimits, Row, TextProcessor, decode_image};

use crate::bad_rows::{BadRowPolicy, BadRows};
use crate::open::{FileSource, OpenOptions, open_file};
use crate::picture::ImageRef;
use crate::raw_row::RawRow;
use crate::record::{Record, VideoRef, Visuals};
use crate::source::{Description, Source};
use crate::source_error::SourceError;

pub use spread::Spread;

/// How thorough an inspection is.
#[derive(Clone, Debug)]
pub struct InspectOptions {
    /// How the file is opened.
    pub open: OpenOptions,
    /// Pictures that are decoded, spread over the file: 64 by default.
    pub images: u64,
    /// Rows whose tokens are counted when a processor is given, spread over the file: 1000 by default.
    pub tokenised: u64,
}

impl Default for InspectOptions {
    fn default() -> Self {
        Self { open: OpenOptions::default(), images: 64, tokenised: 1000 }
    }
}

/// A field of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldReport {
    /// Rows in which it is there and not null.
    pub filled: u64,
    /// The JSON types it has, and `image` for encoded pictures.
    pub types: Vec<&'static str>,
}

/// What an inspection found. `Display` prints it for people.
#[derive(Debug)]
pub struct Inspection {
    /// Container and layout, and why.
    pub description: Description,
    /// Rows, broken ones included.
    pub rows: u64,
    /// How many records there are of each kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// The fields of the rows by name.
    pub fields: BTreeMap<String, FieldReport>,
    /// Characters of a row's texts.
    pub characters: Spread,
    /// Tokens of a row's conversation without its pictures, where a processor was given.
    pub tokens: Spread,
    /// Pictures of a row.
    pub images_per_row: Spread,
    /// Widths of the pictures that were decoded.
    pub widths: Spread,
    /// Their heights.
    pub heights: Spread,
    /// Pictures that could not be opened or decoded, and why; of those that were tried.
    pub image_problems: Vec<String>,
    /// A few pictures that could be, with the names of their rows.
    pub samples: Vec<(String, ImageRef)>,
    /// Rows whose name another row has already.
    pub repeated_ids: u64,
    /// Pairs whose two answers are the same.
    pub tied_pairs: u64,
    /// Rows that name a video in a container such as mp4, which no processor reads.
    pub clips: u64,
    /// Broken rows.
    pub bad: BadRows,
}

/// Pictures that are kept as samples.
const SAMPLES: usize = 8;

/// Reads every row of a file or folder once, and some of its pictures. Broken rows are counted, however many there are.
///
/// ```
/// use datasets::{InspectOptions, inspect};
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("rows.jsonl");
/// std::fs::write(&file, "{\"problem\": \"1+1\", \"answer\": \"2\"}\n{\"problem\": 3}\n{\"problem\": \"2+2\", \"answer\": 4}")?;
/// let found = inspect(&file, &InspectOptions::default(), None)?;
/// assert_eq!((found.rows, found.bad.count()), (3, 1));
/// assert!(found.to_string().contains("line 2: field problem: found 3, expected a text"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inspect(
    path: &Path,
    options: &InspectOptions,
    processor: Option<&TextProcessor>,
) -> Result<Inspection, SourceError> {
    let source = open_file(path, &options.open)?;
    let rows = source.len()?;
    let mut inspector = Inspector {
        found: Inspection::new(source.describe().clone(), rows),
        ids: HashSet::new(),
        policy: BadRowPolicy { max_bad_share: 1.0, ..BadRowPolicy::skip() },
        image_stride: rows.div_ceil(options.images.max(1)).max(1),
        token_stride: rows.div_ceil(options.tokenised.max(1)).max(1),
        decode: options.images > 0,
        processor,
    };
    for index in 0..rows {
        inspector.row(&source, index)?;
    }
    Ok(inspector.found)
}

impl Inspection {
    fn new(description: Description, rows: u64) -> Self {
        Self {
            description,
            rows,
            kinds: BTreeMap::new(),
            fields: BTreeMap::new(),
            characters: Spread::default(),
            tokens: Spread::default(),
            images_per_row: Spread::default(),
            widths: Spread::default(),
            heights: Spread::default(),
            image_problems: Vec::new(),
            samples: Vec::new(),
            repeated_ids: 0,
            tied_pairs: 0,
            clips: 0,
            bad: BadRows::default(),
        }
    }
}

struct Inspector<'a> {
    found: Inspection,
    ids: HashSet<u64>,
    policy: BadRowPolicy,
    image_stride: u64,
    token_stride: u64,
    decode: bool,
    processor: Option<&'a TextProcessor>,
}

impl Inspector<'_> {
    fn row(&mut self, source: &FileSource, index: u64) -> Result<(), SourceError> {
        let record = source.raw(index).and_then(|row| {
            self.fields(&row);
            source.record(row)
        });
        match record {
            Ok(record) => self.record(index, record),
            Err(error) => self.found.bad.add(error, &self.policy, self.found.rows)?,
        }
        Ok(())
    }

    fn fields(&mut self, row: &RawRow) {
        let fields = row.fields.iter().map(|(name, value)| (name.as_str(), type_of(value)));
        let pictures =
            row.pictures.iter().map(|(name, images)| (&**name, (!images.is_empty()).then_some("image")));
        for (name, kind) in fields.chain(pictures) {
            if !self.found.fields.contains_key(name) {
                self.found.fields.insert(name.to_owned(), FieldReport::default());
            }
            if let (Some(report), Some(kind)) = (self.found.fields.get_mut(name), kind) {
                report.filled += 1;
                if !report.types.contains(&kind) {
                    report.types.push(kind);
                }
            }
        }
    }

    fn record(&mut self, index: u64, record: Record) {
        *self.found.kinds.entry(record.kind()).or_default() += 1;
        let mut hasher = DefaultHasher::new();
        record.id().hash(&mut hasher);
        self.found.repeated_ids += u64::from(!self.ids.insert(hasher.finish()));
        if let Record::Preference(pair) = &record {
            self.found.tied_pairs += u64::from(pair.is_tied());
        }
        let is_clip = |video: &VideoRef| matches!(video, VideoRef::Clip(_));
        self.found.clips += u64::from(record.visuals().videos.iter().any(is_clip));
        self.found.images_per_row.add(record.visuals().images.len() as u64);
        if self.decode && index.is_multiple_of(self.image_stride) {
            self.pictures(record.id(), record.visuals());
        }
        let Some(row) = conversation(record) else { return };
        let characters = row.messages.iter().map(|message| characters(&message.content)).sum();
        self.found.characters.add(characters);
        if let Some(processor) = self.processor.filter(|_| index.is_multiple_of(self.token_stride)) {
            let tokens =
                processor.render(&row).ok().and_then(|text| processor.tokenizer().encode(&text).ok());
            tokens.into_iter().for_each(|tokens| self.found.tokens.add(tokens.len() as u64));
        }
    }

    fn pictures(&mut self, id: &str, visuals: &Visuals) {
        let limits = ImageLimits::default();
        for image in &visuals.images {
            let bytes = image.open_capped(&limits).map_err(|error| error.to_string());
            let decoded = bytes
                .and_then(|bytes| decode_image(&bytes, &limits).map_err(|error| format!("{image}: {error}")));
            match decoded {
                Ok(picture) => {
                    self.found.widths.add(u64::from(picture.width()));
                    self.found.heights.add(u64::from(picture.height()));
                    if self.found.samples.len() < SAMPLES {
                        self.found.samples.push((id.to_owned(), image.clone()));
                    }
                }
                Err(problem) => self.found.image_problems.push(format!("row {id:?}: {problem}")),
            }
        }
    }
}

fn type_of(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some("true or false"),
        Value::Number(_) => Some("number"),
        Value::String(_) => Some("text"),
        Value::Array(_) => Some("list"),
        Value::Object(_) => Some("object"),
    }
}

/// The record's conversation as a model sees it, with the right answer where there is one.
fn conversation(record: Record) -> Option<Row> {
    match record {
        Record::LatentPlan(_) => record.into_rl_prompt().ok().map(|prompt| prompt.row()),
        other => {
            let prompt = other.clone().into_rl_prompt();
            other
                .into_instruction()
                .map(|found| found.row())
                .or_else(|_| prompt.map(|found| found.row()))
                .ok()
        }
    }
}

fn characters(content: &vlm_processor::Content) -> u64 {
    use vlm_processor::{Content, Part};
    let text = |part: &Part| match part {
        Part::Text(text) => text.chars().count(),
        Part::Image | Part::Video => 0,
    };
    match content {
        Content::Text(text) => text.chars().count() as u64,
        Content::Parts(parts) => parts.iter().map(text).sum::<usize>() as u64,
    }
}
