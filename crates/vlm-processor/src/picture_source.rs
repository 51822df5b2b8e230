//! Where the pictures of a row come from: files below a folder, or whatever else holds encoded images.

use std::path::{Path, PathBuf};

use crate::contained_path::contained_path;
use crate::decode::read_capped;
use crate::limits::ImageLimits;
use crate::pixel_error::ImageError;
use crate::row_error::{PathProblem, RowProblem};

/// An encoded picture, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedPicture {
    /// PNG, JPEG or WebP.
    pub bytes: Vec<u8>,
    /// Names the place in messages: a path, or something like `train.parquet/row 7/image`.
    pub place: PathBuf,
}

/// Why a picture is not available.
#[derive(Debug)]
#[non_exhaustive]
pub enum PictureFault {
    /// Its name may not be opened.
    Path(PathProblem),
    /// It cannot be read.
    Image(ImageError),
    /// The source does not have it.
    Unavailable {
        /// What the source says.
        reason: String,
    },
}

impl PictureFault {
    /// The problem of a row whose `field` names the picture.
    pub(crate) fn in_field(self, field: String) -> RowProblem {
        match self {
            Self::Path(problem) => RowProblem::Path { field, problem },
            Self::Image(source) => RowProblem::Image { field, source },
            Self::Unavailable { reason } => RowProblem::Picture { field, reason },
        }
    }
}

/// Gives the encoded pictures that a row names. [`Folder`] reads files; data sets that keep pictures inside
/// parquet cells or archives bring their own.
pub trait PictureSource: Sync {
    /// The picture that the row calls `name`. An implementation reads at most one byte more than
    /// `limits.max_file_bytes`; the decoder refuses what is longer.
    fn read(&self, name: &str, limits: &ImageLimits) -> Result<EncodedPicture, PictureFault>;
}

/// Files below a folder; names that lead out of it are refused, see [`contained_path`].
#[derive(Clone, Copy, Debug)]
pub struct Folder<'a>(pub &'a Path);

impl PictureSource for Folder<'_> {
    fn read(&self, name: &str, limits: &ImageLimits) -> Result<EncodedPicture, PictureFault> {
        let place = contained_path(self.0, name).map_err(PictureFault::Path)?;
        match read_capped(&place, limits) {
            Ok(bytes) => Ok(EncodedPicture { bytes, place }),
            Err(source) => Err(PictureFault::Image(ImageError::At { path: place, source: Box::new(source) })),
        }
    }
}
