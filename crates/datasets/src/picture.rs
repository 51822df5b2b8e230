//! References to encoded pictures: files, members of archives, cells of parquet files, bytes in memory.

use std::fmt;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use vlm_processor::{ImageLimits, PathProblem, contained_path, open_regular};

/// A picture of a row. It is cheap to keep: bytes are fetched by [`ImageRef::open`] only.
#[derive(Clone)]
pub struct ImageRef(Spot);

#[derive(Clone)]
enum Spot {
    File { root: Arc<ImageRoot>, name: String },
    Member { archive: Arc<Path>, name: Arc<str>, offset: u64, len: u64 },
    Cell { cells: Arc<dyn PictureCells>, row: u64, item: usize, name: Option<String> },
    Bytes { name: String, bytes: Arc<[u8]> },
}

/// A column of encoded pictures, read one row at a time.
pub(crate) trait PictureCells: Send + Sync {
    /// The bytes of picture `item` of `row`.
    fn bytes(&self, row: u64, item: usize) -> Result<Vec<u8>, String>;
    /// Names file and column.
    fn label(&self) -> String;
}

/// The folder that image names of a data set are relative to, and its folders that are searched too.
#[derive(Debug)]
pub(crate) struct ImageRoot {
    folder: PathBuf,
    inside: &'static [&'static str],
}

/// Why a picture is not there.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Its name may not be opened.
    #[error(transparent)]
    Path(#[from] PathProblem),
    /// It is in no place where it could be.
    #[error(
        "found no file {name:?} in {folder} or its folders for images, expected the picture there; give its folder with `images`"
    )]
    NotFound {
        /// The name in the row.
        name: String,
        /// The folder that was searched.
        folder: String,
    },
    /// The place cannot be read.
    #[error("{place}: {reason}")]
    Read {
        /// Where it should be.
        place: String,
        /// Why it cannot be read.
        reason: String,
    },
}

impl ImageRoot {
    /// Names are looked up in `folder`, then in its folder `images`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            inside: &["images", "train2014", "val2014", "train2017", "val2017"],
        }
    }

    fn find(&self, name: &str) -> Result<PathBuf, PictureError> {
        let first = match contained_path(&self.folder, name) {
            Err(PathProblem::Open { .. }) => None,
            other => Some(other?),
        };
        let below = |folder: &&str| contained_path(&self.folder, &format!("{folder}/{name}")).ok();
        first.or_else(|| self.inside.iter().find_map(below)).ok_or_else(|| PictureError::NotFound {
            name: name.to_owned(),
            folder: self.folder.display().to_string(),
        })
    }
}

impl ImageRef {
    /// A file `name` below `folder`, or below a folder such as `images` in it. Names that lead out are refused on opening.
    pub fn below(folder: &Path, name: impl Into<String>) -> Self {
        Self::in_root(&Arc::new(ImageRoot::new(folder)), name)
    }

    /// A picture in memory; `name` stands in messages.
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(Spot::Bytes { name: name.into(), bytes: bytes.into() })
    }

    pub(crate) fn in_root(root: &Arc<ImageRoot>, name: impl Into<String>) -> Self {
        Self(Spot::File { root: Arc::clone(root), name: name.into() })
    }

    pub(crate) fn member(archive: &Arc<Path>, name: &Arc<str>, offset: u64, len: u64) -> Self {
        Self(Spot::Member { archive: Arc::clone(archive), name: Arc::clone(name), offset, len })
    }

    pub(crate) fn cell(cells: &Arc<dyn PictureCells>, row: u64, item: usize, name: Option<String>) -> Self {
        Self(Spot::Cell { cells: Arc::clone(cells), row, item, name })
    }

    /// The name that the data give the picture, where they do.
    pub fn name(&self) -> Option<&str> {
        match &self.0 {
            Spot::File { name, .. } | Spot::Bytes { name, .. } => Some(name),
            Spot::Member { name, .. } => Some(name),
            Spot::Cell { name, .. } => name.as_deref(),
        }
    }

    /// The encoded bytes, at most 64 MiB of them.
    pub fn open(&self) -> Result<Vec<u8>, PictureError> {
        self.open_capped(&ImageLimits::default())
    }

    /// The encoded bytes, read no further than one byte past `limits.max_file_bytes`.
    pub fn open_capped(&self, limits: &ImageLimits) -> Result<Vec<u8>, PictureError> {
        let failed = |reason: String| PictureError::Read { place: self.to_string(), reason };
        match &self.0 {
            Spot::Bytes { bytes, .. } => Ok(bytes.to_vec()),
            Spot::File { root, name } => {
                let path = root.find(name)?;
                let file = open_regular(&path).map_err(|e| failed(e.to_string()))?;
                read_to_cap(file, limits).map_err(|e| failed(e.to_string()))
            }
            Spot::Member { archive, offset, len, .. } => {
                let read = || {
                    let mut file = open_regular(archive)?;
                    file.seek(SeekFrom::Start(*offset))?;
                    read_to_cap(file.take(*len), limits)
                };
                read().map_err(|e: std::io::Error| failed(e.to_string()))
            }
            Spot::Cell { cells, row, item, .. } => cells.bytes(*row, *item).map_err(failed),
        }
    }

    /// Looks whether a file is where its name says, without reading it.
    pub(crate) fn check_file(&self) -> Result<(), PictureError> {
        match &self.0 {
            Spot::File { root, name } => root.find(name).map(drop),
            _ => Ok(()),
        }
    }
}

fn read_to_cap(input: impl Read, limits: &ImageLimits) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limits.max_file_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Spot::File { root, name } => write!(f, "{}", root.folder.join(name).display()),
            Spot::Member { archive, name, .. } => write!(f, "{}: member {name:?}", archive.display()),
            Spot::Cell { cells, row, item, .. } => write!(f, "{}: row {row}, picture {item}", cells.label()),
            Spot::Bytes { name, .. } => f.write_str(name),
        }
    }
}

impl fmt::Debug for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImageRef({self})")
    }
}
