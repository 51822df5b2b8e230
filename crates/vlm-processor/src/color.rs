//! Every kind of pixel to 8-bit RGB, with the roundings of Pillow.

use image::{DynamicImage, RgbImage};

/// Converts a decoded picture, laying transparency on white.
pub(crate) fn to_rgb(picture: DynamicImage) -> RgbImage {
    let (width, height) = (picture.width(), picture.height());
    let raw = match picture {
        DynamicImage::ImageRgb8(rgb) => return rgb,
        DynamicImage::ImageLuma8(grey) => each(grey.as_raw(), |&[v]| [v; 3]),
        DynamicImage::ImageLumaA8(grey) => each(grey.as_raw(), |&[v, a]| on_white([v; 3], a)),
        DynamicImage::ImageRgba8(rgba) => each(rgba.as_raw(), |&[r, g, b, a]| on_white([r, g, b], a)),
        // Pillow keeps 16-bit grey in a mode of its own, from which it converts by cutting off at 255.
        DynamicImage::ImageLuma16(grey) => each(grey.as_raw(), |&[v]| [v.min(255) as u8; 3]),
        DynamicImage::ImageLumaA16(grey) => each(grey.as_raw(), |&[v, a]| on_white([high(v); 3], high(a))),
        DynamicImage::ImageRgb16(rgb) => each(rgb.as_raw(), |rgb: &[u16; 3]| rgb.map(high)),
        DynamicImage::ImageRgba16(rgba) => {
            each(rgba.as_raw(), |&[r, g, b, a]| on_white([high(r), high(g), high(b)], high(a)))
        }
        other => return other.into_rgb8(),
    };
    RgbImage::from_raw(width, height, raw).expect("every source pixel became one RGB pixel")
}

fn each<T, const N: usize>(samples: &[T], convert: impl Fn(&[T; N]) -> [u8; 3]) -> Vec<u8> {
    samples.as_chunks::<N>().0.iter().flat_map(convert).collect()
}

/// The upper half of a 16-bit sample.
fn high(sample: u16) -> u8 {
    (sample >> 8) as u8
}

/// `alpha_composite` over opaque white: (c·k + 255·(255·2⁷ − k)) / 255 in fixed point, with k = a·2⁷ and Pillow's
/// division by 255, (x + x/2⁸)/2⁸, after adding a half.
fn on_white(color: [u8; 3], alpha: u8) -> [u8; 3] {
    const BITS: u32 = 7;
    let coefficient = u32::from(alpha) << BITS;
    let rest = 255 * ((255 << BITS) - coefficient);
    color.map(|c| {
        let sum = u32::from(c) * coefficient + rest + (0x80 << BITS);
        ((((sum >> 8) + sum) >> 8) >> BITS) as u8
    })
}
