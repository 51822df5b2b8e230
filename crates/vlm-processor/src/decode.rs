//! Image files to 8-bit RGB, upright, as Pillow with `exif_transpose` gives them.

use std::fs::File;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, RgbImage};

use crate::color::to_rgb;
use crate::jpeg::decode_jpeg;
use crate::limits::ImageLimits;
use crate::pixel_error::ImageError;

/// The formats decoded, told apart by their first bytes and never by a file's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Jpeg,
    WebP,
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            [0xff, 0xd8, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
        }
    }
}

/// Reads and decodes an image file; every error names the path.
pub fn load_image(path: &Path, limits: &ImageLimits) -> Result<RgbImage, ImageError> {
    let place = |source| ImageError::At { path: path.into(), source: Box::new(source) };
    let bytes = read_capped(path, limits).map_err(place)?;
    decode_image(&bytes, limits).map_err(place)
}

/// At most one byte more than allowed is read, whatever the file system says about the file's size.
pub(crate) fn read_capped(path: &Path, limits: &ImageLimits) -> Result<Vec<u8>, ImageError> {
    let file = File::open(path).map_err(ImageError::Read)?;
    let mut bytes = Vec::new();
    file.take(limits.max_file_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(ImageError::Read)?;
    Ok(bytes)
}

/// Decodes a PNG, JPEG or WebP image to upright RGB.
///
/// The format is told from the content. EXIF orientation is applied; transparency is laid on white; grey,
/// palettes, CMYK and 16-bit samples become 8-bit RGB the way Pillow converts them (which keeps the upper half of
/// 16-bit colour, but cuts 16-bit grey off at 255). JPEG decodes to the bytes of libjpeg-turbo. Of an animation the
/// first picture is taken. Size limits are checked against the header, before memory is taken for pixels.
///
/// ```
/// use vlm_processor::{ImageLimits, decode_image};
/// let error = decode_image(b"GIF89a", &ImageLimits::default()).unwrap_err();
/// assert!(error.to_string().starts_with("found content that starts with 47 49 46 38"));
/// ```
pub fn decode_image(bytes: &[u8], limits: &ImageLimits) -> Result<RgbImage, ImageError> {
    if bytes.is_empty() {
        return Err(ImageError::Empty);
    }
    if bytes.len() as u64 > limits.max_file_bytes {
        return Err(ImageError::TooManyBytes { found: bytes.len() as u64, limit: limits.max_file_bytes });
    }
    let format = Format::of(bytes).ok_or_else(|| ImageError::UnknownFormat { start: first_bytes(bytes) })?;
    // The decoders are other people's code that meets hostile bytes: a panic in one of them is a damaged file.
    catch_unwind(AssertUnwindSafe(|| decode_as(format, bytes, limits))).unwrap_or_else(|_| {
        Err(ImageError::Damaged { format: format.name(), detail: "the decoder gave up".into() })
    })
}

fn first_bytes(bytes: &[u8]) -> String {
    let hex: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    hex.join(" ")
}

fn decode_as(format: Format, bytes: &[u8], limits: &ImageLimits) -> Result<RgbImage, ImageError> {
    let reader = Cursor::new(bytes);
    let failed = |error| translated(format, error, limits);
    match format {
        Format::Png => {
            finish(format, PngDecoder::with_limits(reader, inner_limits(limits)).map_err(failed)?, limits)
        }
        Format::WebP => {
            // Lossy data that lack their last bytes would still decode; Pillow refuses such a file.
            if let Some(missing) = riff_shortfall(bytes) {
                let detail = format!("its last {missing} bytes are missing");
                return Err(ImageError::Damaged { format: format.name(), detail });
            }
            finish(format, WebPDecoder::new(reader).map_err(failed)?, limits)
        }
        Format::Jpeg => {
            let (picture, exif) = decode_jpeg(bytes, limits)?;
            Ok(upright(picture, Orientation::from_exif_chunk(&exif)))
        }
    }
}

/// How many bytes a RIFF container has fewer than its header claims.
fn riff_shortfall(bytes: &[u8]) -> Option<u64> {
    let claimed = u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?);
    (u64::from(claimed) + 8).checked_sub(bytes.len() as u64).filter(|&missing| missing > 0)
}

fn inner_limits(limits: &ImageLimits) -> image::Limits {
    let mut inner = image::Limits::no_limits();
    inner.max_alloc = Some(limits.max_alloc_bytes);
    inner
}

/// Checks the header that a decoder has read, then lets it decode.
fn finish(
    format: Format,
    mut decoder: impl ImageDecoder,
    limits: &ImageLimits,
) -> Result<RgbImage, ImageError> {
    let (width, height) = decoder.dimensions();
    limits.check((width, height), decoder.total_bytes())?;
    let failed = |error| translated(format, error, limits);
    let orientation = decoder.orientation().ok();
    Ok(upright(to_rgb(DynamicImage::from_decoder(decoder).map_err(failed)?), orientation))
}

/// Turns the picture as its EXIF block says; a damaged block is no reason to refuse the picture.
fn upright(picture: RgbImage, orientation: Option<Orientation>) -> RgbImage {
    let mut picture = DynamicImage::ImageRgb8(picture);
    picture.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
    picture.into_rgb8()
}

fn translated(format: Format, error: image::ImageError, limits: &ImageLimits) -> ImageError {
    let format = format.name();
    match error {
        image::ImageError::Limits(_) => ImageError::TooMuchMemory { limit: limits.max_alloc_bytes },
        image::ImageError::Unsupported(error) => {
            ImageError::Unsupported { format, detail: error.to_string() }
        }
        other => ImageError::Damaged { format, detail: other.to_string() },
    }
}
