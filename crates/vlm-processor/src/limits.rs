//! How large an image may be: checked against its header, before memory is taken for its pixels.

use crate::pixel_error::ImageError;

/// No limit may be raised above this many pixels: the figure at which Pillow, too, refuses a picture as a
/// decompression bomb.
pub const HARD_MAX_PIXELS: u64 = 178_956_970;

/// Caps on one image file. The defaults admit every ordinary photograph; a 48 Mpx one still fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// Size of the encoded file in bytes: 64 MiB.
    pub max_file_bytes: u64,
    /// Width times height: 64 Mpx. Values above [`HARD_MAX_PIXELS`] count as that figure.
    pub max_pixels: u64,
    /// Bytes a decoder may take for itself and its output: 512 MiB.
    pub max_alloc_bytes: u64,
}

impl Default for ImageLimits {
    fn default() -> Self {
        Self { max_file_bytes: 64 << 20, max_pixels: 64_000_000, max_alloc_bytes: 512 << 20 }
    }
}

impl ImageLimits {
    /// The pixel cap that is really applied.
    pub fn pixels(&self) -> u64 {
        self.max_pixels.min(HARD_MAX_PIXELS)
    }

    /// Checks what a header claims: width and height, and the bytes that decoding takes for them.
    pub(crate) fn check(&self, (width, height): (u32, u32), bytes: u64) -> Result<(), ImageError> {
        if u64::from(width) * u64::from(height) > self.pixels() {
            return Err(ImageError::TooManyPixels { width, height, limit: self.pixels() });
        }
        if bytes > self.max_alloc_bytes {
            return Err(ImageError::TooMuchMemory { limit: self.max_alloc_bytes });
        }
        Ok(())
    }
}
