//! What can be wrong with an image, a clip or their sizes.

use std::path::PathBuf;

use thiserror::Error;

/// A size that cannot be brought to whole patches.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SizeError {
    /// A side or the factor is zero.
    #[error(
        "found {width} x {height} pixels in steps of {factor}; expected at least 1 of each: give a picture that has pixels"
    )]
    Zero {
        /// Height found.
        height: usize,
        /// Width found.
        width: usize,
        /// Patch size times merge size.
        factor: usize,
    },
    /// Longer than 200 times its width.
    #[error(
        "found {width} x {height} pixels; expected sides that differ at most 200 times: crop or pad the picture"
    )]
    Aspect {
        /// Height found.
        height: usize,
        /// Width found.
        width: usize,
    },
    /// A side rounds to zero and `min_pixels` is too small to mend it.
    #[error(
        "found {width} x {height} pixels, of which one side rounds to 0 steps of {factor}, and a minimum of \
         {min_pixels} pixels that does not mend it; expected a larger picture or minimum: raise min_pixels"
    )]
    Vanishes {
        /// Height found.
        height: usize,
        /// Width found.
        width: usize,
        /// Patch size times merge size.
        factor: usize,
        /// The budget's minimum.
        min_pixels: usize,
    },
}

/// Why an image cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file of an image, and what is wrong with it.
    #[error("{}: {source}", path.display())]
    At {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<ImageError>,
    },
    /// The file cannot be read.
    #[error("cannot be read ({0}); expected a readable image file: check the path and its permissions")]
    Read(#[source] std::io::Error),
    /// No bytes at all.
    #[error("found 0 bytes; expected a PNG, JPEG or WebP image: fetch or export the file again")]
    Empty,
    /// More bytes than allowed.
    #[error("found {found} bytes; expected at most {limit}: shrink the file or raise max_file_bytes")]
    TooManyBytes {
        /// Bytes found.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The content is no format we decode.
    #[error("found content that starts with {start}; expected a PNG, JPEG or WebP image: convert the file")]
    UnknownFormat {
        /// The first bytes in hexadecimal.
        start: String,
    },
    /// The header claims more pixels than allowed.
    #[error(
        "the header claims {width} x {height} = {} pixels; expected at most {limit}: shrink the picture or raise \
         max_pixels", u64::from(*width) * u64::from(*height)
    )]
    TooManyPixels {
        /// Width claimed.
        width: u32,
        /// Height claimed.
        height: u32,
        /// Pixels allowed.
        limit: u64,
    },
    /// Decoding would take more memory than allowed.
    #[error(
        "decoding needs more than {limit} bytes; expected less: shrink the picture or raise max_alloc_bytes"
    )]
    TooMuchMemory {
        /// Bytes allowed.
        limit: u64,
    },
    /// The content is cut off or damaged.
    #[error(
        "found {format} content that is cut off or damaged ({detail}); expected a whole image: fetch the file again"
    )]
    Damaged {
        /// The format that the content starts like.
        format: &'static str,
        /// What the decoder says.
        detail: String,
    },
    /// The content is valid but of a kind that is not decoded.
    #[error(
        "found {format} content of a kind that is not supported ({detail}); expected an ordinary image: convert the file"
    )]
    Unsupported {
        /// The format.
        format: &'static str,
        /// What the decoder says.
        detail: String,
    },
    /// The size cannot be brought to whole patches.
    #[error(transparent)]
    Size(#[from] SizeError),
}

/// Why a clip cannot be used.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum VideoError {
    /// A clip without frames.
    #[error("found a clip of 0 frames; expected at least 1: list its frames or drop the clip")]
    Empty,
    /// A frame of another size than the first.
    #[error(
        "frame {index}: found {} x {} pixels; expected {} x {} as in frame 0: bring all frames to one size",
        found.0, found.1, expected.0, expected.1
    )]
    FrameSize {
        /// Which frame, from 0.
        index: usize,
        /// Its width and height.
        found: (u32, u32),
        /// Width and height of the first.
        expected: (u32, u32),
    },
    /// A rate that is no rate.
    #[error("found {fps} frames per second; expected a finite number above zero: correct `fps`")]
    Rate {
        /// What was given.
        fps: f64,
    },
    /// The size cannot be brought to whole patches.
    #[error(transparent)]
    Size(#[from] SizeError),
}
