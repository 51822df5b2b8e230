//! What can be wrong inside a JPEG file.

use thiserror::Error;

use crate::pixel_error::ImageError;

/// The name under which errors speak of the format.
pub(crate) const NAME: &str = "JPEG";

/// Why a JPEG file cannot be decoded.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum Fault {
    #[error("it breaks off before its end marker")]
    Ended,
    #[error("marker ff {code:02x} stands where it may not")]
    Marker { code: u8 },
    #[error("the {segment} segment has a wrong length")]
    Length { segment: &'static str },
    #[error("the {segment} segment holds {found} as {what}")]
    Value { segment: &'static str, what: &'static str, found: usize },
    #[error("Huffman table {slot} holds codes that contradict each other")]
    Codes { slot: usize },
    #[error("{kind} table {slot} is used but never given")]
    NoTable { kind: &'static str, slot: usize },
    #[error("a scan asks for coefficients {first}..={last} of bits {high}..{low}, which no coder does")]
    Progression { first: u8, last: u8, high: u8, low: u8 },
    #[error("its scans go over the picture more than {limit} times")]
    TooManyScans { limit: usize },
    #[error("{0}")]
    Unsupported(Kind),
}

/// Valid kinds of JPEG that are not decoded.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Kind {
    #[error("lossless, hierarchical or arithmetic coding")]
    Coding,
    #[error("{0} bits per sample")]
    Depth(u8),
    #[error("{0} color components")]
    Components(u8),
    #[error("components whose sizes are no whole multiples of each other")]
    Sampling,
}

impl From<Fault> for ImageError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unsupported(kind) => Self::Unsupported { format: NAME, detail: kind.to_string() },
            other => Self::Damaged { format: NAME, detail: other.to_string() },
        }
    }
}
