//! JPEG files to RGB, equal to the bit to what Pillow with libjpeg-turbo gives.
//!
//! Sequential and progressive Huffman coding with 8 bits per sample; grey, YCbCr, RGB, CMYK and YCCK. The way of the
//! data: [`source`] (markers) → [`headers`] → [`scan`] with [`sequential`] or [`progressive`] (coefficients) →
//! [`smooth`] → [`idct`] (samples) → [`upsample`] → [`color`]. Damage inside compressed data is dealt with as libjpeg does, which
//! goes on with what it has; a file that breaks off is an error, as in Pillow.

mod bits;
mod blocks;
mod color;
mod fault;
mod frame;
mod headers;
mod huffman;
mod idct;
mod paint;
mod picture;
mod plane;
mod progressive;
mod scan;
mod sequential;
mod smooth;
mod source;
mod standard_codes;
mod upsample;
mod zigzag;

use image::RgbImage;

use crate::limits::ImageLimits;
use crate::pixel_error::ImageError;
use color::Model;
use fault::Fault;
use headers::Headers;
use paint::Canvas;
use picture::Picture;
use source::{Source, code};

/// Decodes a file that starts with a start-of-image marker; also gives the content of its EXIF segment.
///
/// The limits are checked when the frame header is known, before memory is taken for anything it claims.
pub(crate) fn decode_jpeg(bytes: &[u8], limits: &ImageLimits) -> Result<(RgbImage, Vec<u8>), ImageError> {
    let (mut headers, mut source) = (Headers::default(), Source::new(bytes));
    let first = headers.next_scan(&mut source)?.ok_or(Fault::Marker { code: code::EOI })?;
    let mut picture = Picture::new(&mut headers, &first, limits)?;
    // Marks between later scans do not change what the components are.
    let model = Model::of(&headers, picture.frame());
    let mut next = Some(first);
    while let Some(scan) = next {
        source = picture.scan(&headers, &scan, source)?;
        next = headers.next_scan(&mut source)?;
    }
    Ok((Canvas::new(model, picture)?.paint(), headers.exif))
}
