//! Components to RGB, with the roundings of libjpeg-turbo and, for CMYK, of Pillow.
//!
//! With Cb and Cr counted from 128: R = Y + 1.402 Cr, G = Y − 0.71414 Cr − 0.34414 Cb, B = Y + 1.772 Cb, in 16-bit
//! fixed point. Four components are taken as Adobe writes them, inverted.

use super::headers::Headers;

/// What the components are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    Grey,
    Rgb,
    YCbCr,
    Cmyk,
    /// CMYK whose first three components are coded as YCbCr of their complements.
    Ycck,
}

impl Model {
    /// What marks and component numbers tell, in the order in which libjpeg-turbo asks them.
    pub fn of(headers: &Headers, ids: &[u8]) -> Self {
        match (ids, headers.adobe) {
            ([_], _) => Self::Grey,
            ([_, _, _, _], None | Some(0)) => Self::Cmyk,
            ([_, _, _, _], Some(_)) => Self::Ycck,
            (_, _) if headers.jfif => Self::YCbCr,
            (_, Some(0)) | (b"RGB", None) => Self::Rgb,
            _ => Self::YCbCr,
        }
    }

    /// Converts a row of pixels; `rows` has the model's components, each at least as long.
    #[inline(always)]
    pub fn convert(self, rows: &[&[u8]], out: &mut [u8]) {
        let pixels = out.as_chunks_mut::<3>().0;
        match (self, rows) {
            (Self::Grey, [grey]) => {
                for (pixel, &grey) in pixels.iter_mut().zip(*grey) {
                    *pixel = [grey; 3];
                }
            }
            (Self::Rgb, [r, g, b]) => {
                for (pixel, ((&r, &g), &b)) in pixels.iter_mut().zip(r.iter().zip(*g).zip(*b)) {
                    *pixel = [r, g, b];
                }
            }
            (Self::YCbCr, [y, cb, cr]) => {
                for (pixel, ((&y, &cb), &cr)) in pixels.iter_mut().zip(y.iter().zip(*cb).zip(*cr)) {
                    *pixel = ycc(y, cb, cr);
                }
            }
            (Self::Cmyk, [c, m, y, k]) => {
                for (i, pixel) in pixels.iter_mut().enumerate() {
                    *pixel = [c[i], m[i], y[i]].map(|complement| under_black(255 - complement, k[i]));
                }
            }
            (Self::Ycck, [y, cb, cr, k]) => {
                for (i, pixel) in pixels.iter_mut().enumerate() {
                    *pixel = ycc(y[i], cb[i], cr[i]).map(|ink| under_black(ink, k[i]));
                }
            }
            _ => {}
        }
    }
}

#[inline(always)]
fn ycc(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const fn fixed(factor: f64) -> i32 {
        (factor * 65536.0 + 0.5) as i32
    }
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    let r = y + ((fixed(1.402) * cr + 0x8000) >> 16);
    let g = y + ((-fixed(0.34414) * cb - fixed(0.71414) * cr + 0x8000) >> 16);
    let b = y + ((fixed(1.772) * cb + 0x8000) >> 16);
    [r, g, b].map(|value| value.clamp(0, 255) as u8)
}

/// w − ink·w/255, rounded as Pillow does, with w what black leaves of white.
#[inline(always)]
fn under_black(ink: u8, white: u8) -> u8 {
    let product = u32::from(ink) * u32::from(white) + 128;
    white.saturating_sub(((product + (product >> 8)) >> 8) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mark_that_says_something_decides() {
        let of = |ids: &[u8], jfif, adobe| Model::of(&Headers { jfif, adobe, ..Headers::default() }, ids);
        assert_eq!(of(&[1], true, Some(1)), Model::Grey);
        assert_eq!(of(&[1, 2, 3], true, Some(0)), Model::YCbCr);
        assert_eq!(of(&[1, 2, 3], false, Some(0)), Model::Rgb);
        assert_eq!(of(b"RGB", false, None), Model::Rgb);
        assert_eq!(of(b"RGB", false, Some(1)), Model::YCbCr);
        assert_eq!(of(&[0, 1, 2], false, None), Model::YCbCr);
        assert_eq!(of(&[1, 2, 3, 4], true, None), Model::Cmyk);
        assert_eq!(of(&[1, 2, 3, 4], false, Some(2)), Model::Ycck);
    }

    #[test]
    fn primaries_come_out_of_ycc() {
        assert_eq!(ycc(76, 85, 255), [254, 0, 0]);
        assert_eq!(ycc(255, 128, 128), [255; 3]);
        assert_eq!(ycc(0, 0, 255), [178, 0, 0]);
    }
}
