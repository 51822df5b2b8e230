//! From a path to a [`Source`]: which files belong to it, what holds them, and what their rows mean.

mod files;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::container::Rows;
use crate::layout::{Format, Spec};
use crate::picture::ImageRoot;
use crate::place::Place;
use crate::raw_row::RawRow;
use crate::recognise::{Unsure, recognise};
use crate::record::Record;
use crate::row_error::{Fault, RowError, RowProblem};
use crate::source::{Description, Source};
use crate::source_error::SourceError;

/// How a data set is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// The layout of the rows.
    pub format: Format,
    /// The folder that names of pictures are relative to; the folder of the file when absent. Its folders `images`,
    /// `train2014`, `val2014`, `train2017` and `val2017` are searched too.
    pub images: Option<PathBuf>,
    /// Which split of a folder of files to read, such as `train`. Needed when there are several.
    pub split: Option<String>,
    /// Read only the first rows.
    pub max_samples: Option<u64>,
}

/// Opens a file or a folder.
///
/// A file is parquet, a tar archive, a JSON list, a JSON object with lists in it, or JSONL, told by its content. A folder
/// holds shards of one kind, or pictures beside a `metadata.jsonl`, or questions beside annotations. Nothing but the
/// first rows is read, and no picture.
///
/// ```
/// use datasets::{OpenOptions, Record, open};
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("rows.jsonl");
/// std::fs::write(&file, r#"{"problem": "<image>How long is AB?", "answer": "13", "images": ["t.png"]}"#)?;
///
/// let source = open(&file, &OpenOptions::default())?;
/// assert_eq!(source.describe().layout.name(), "easyr1");
/// let Record::RlPrompt(prompt) = source.get(0)? else { unreachable!() };
/// assert_eq!(prompt.visuals.images.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, SourceError> {
    let source = open_file(path, options)?;
    Ok(Box::new(source))
}

pub(crate) fn open_file(path: &Path, options: &OpenOptions) -> Result<FileSource, SourceError> {
    let images = match &options.images {
        Some(folder) => folder.clone(),
        None if path.is_dir() => path.to_owned(),
        None => path.parent().unwrap_or(Path::new("")).to_owned(),
    };
    let root = Arc::new(ImageRoot::new(&images));
    let rows = files::rows(path, options.split.as_deref(), &root)?;
    let (spec, why) = layout_of(path, &*rows, options.format)?;
    let container = rows.kind().to_owned();
    let description = Description { origin: path.display().to_string(), container, layout: spec.layout, why };
    Ok(FileSource { rows, spec, description, max_samples: options.max_samples.unwrap_or(u64::MAX) })
}

fn layout_of(path: &Path, rows: &dyn Rows, format: Format) -> Result<(&'static Spec, String), SourceError> {
    if let Format::Named(layout) = format {
        return Ok((layout.spec(), "named by the user".to_owned()));
    }
    let path = path.to_owned();
    match recognise(rows) {
        Ok((layout, why)) => Ok((layout.spec(), why)),
        Err(Unsure::Nothing { fields, nearest }) => Err(SourceError::Unrecognised { path, fields, nearest }),
        Err(Unsure::Several { fields, candidates }) => {
            Err(SourceError::Ambiguous { path, fields, candidates })
        }
        Err(Unsure::NoRows) => match rows.row(0) {
            Err(error) if !error.is_past_end() => Err(error.into()),
            _ => Err(SourceError::Empty { path }),
        },
    }
}

/// The rows of a file or folder, read by one layout.
pub(crate) struct FileSource {
    rows: Box<dyn Rows>,
    spec: &'static Spec,
    description: Description,
    max_samples: u64,
}

impl FileSource {
    /// Row `index` as its container holds it.
    pub(crate) fn raw(&self, index: u64) -> Result<RawRow, RowError> {
        if index >= self.max_samples {
            let place = self.rows.row(0).map_or_else(|error| error.place, |row| row.place);
            let problem = RowProblem::PastEnd { index, rows: self.max_samples };
            return Err(RowError { place, field: ".".to_owned(), problem });
        }
        self.rows.row(index)
    }

    /// What a row means.
    pub(crate) fn record(&self, mut row: RawRow) -> Result<Record, RowError> {
        (self.spec.read)(&mut row).map_err(|fault: Fault| fault.at(row.place))
    }
}

impl Source for FileSource {
    fn len(&self) -> Result<u64, SourceError> {
        Ok(self.rows.len()?.min(self.max_samples))
    }

    fn get(&self, index: u64) -> Result<Record, RowError> {
        self.raw(index).and_then(|row| self.record(row))
    }

    fn place(&self, index: u64) -> Option<Place> {
        Some(self.raw(index).map_or_else(|error| error.place, |row| row.place))
    }

    fn describe(&self) -> &Description {
        &self.description
    }
}
