//! Components to RGB, with the roundings of libjpeg-turbo and, for CMYK, of Pillow.
//!
//! With Cb and Cr counted from 128: R = Y + 1.402 Cr, G = Y − 0.71414 Cr − 0.34414 Cb, B = Y + 1.772 Cb, in 16-bit
//! fixed point. Four components are taken as Adobe writes them, inverted.

use super::frame::Frame;
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
    pub fn of(headers: &Headers, frame: &Frame) -> Self {
        let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        Self::marked(headers, &ids)
    }

    fn marked(headers: &Headers, ids: &[u8]) -> Self {
        match (ids, headers.adobe) {
            ([_], _) => Self::Grey,
            ([_, _, _, _], None | Some(0)) => Self::Cmyk,
            ([_, _, _, _], Some(_)) => Self::Ycck,
            (_, _) if headers.jfif => Self::YCbCr,
            (_, Some(0)) | (b"RGB", None) => Self::Rgb,
            _ => Self::YCbCr,
        }
    }

    /// Converts a row of pixels; `rows` has the model's components, each as long as the row.
    #[inline(always)]
    pub fn convert(self, rows: &[&[u8]], out: &mut [u8]) {
        match (self, rows) {
            (Self::Grey, &[grey]) => each([grey], out, |[grey]| [grey; 3]),
            (Self::Rgb, &[r, g, b]) => each([r, g, b], out, |rgb| rgb),
            (Self::YCbCr, &[y, cb, cr]) => each([y, cb, cr], out, |[y, cb, cr]| ycc(y, cb, cr)),
            (Self::Cmyk, &[c, m, y, k]) => each([c, m, y, k], out, |[c, m, y, k]| {
                [under_black(255 - c, k), under_black(255 - m, k), under_black(255 - y, k)]
            }),
            (Self::Ycck, &[y, cb, cr, k]) => each([y, cb, cr, k], out, |[y, cb, cr, k]| {
                let [c, m, y] = ycc(y, cb, cr);
                [under_black(c, k), under_black(m, k), under_black(y, k)]
            }),
            _ => {}
        }
    }
}

/// Pixels converted at a time.
const RUN: usize = 32;

/// Converts pixel by pixel: whole runs as 32-bit words, which vectorise, and of which four are written as twelve
/// bytes.
#[inline(always)]
fn each<const N: usize>(rows: [&[u8]; N], out: &mut [u8], convert: impl Fn([u8; N]) -> [u8; 3]) {
    let (runs, rest) = out.as_chunks_mut::<{ 3 * RUN }>();
    let done = runs.len() * RUN;
    for (index, run) in runs.iter_mut().enumerate() {
        let rows = rows.map(|row| &row.as_chunks::<RUN>().0[index]);
        let mut words = [0; RUN];
        for (i, word) in words.iter_mut().enumerate() {
            let [r, g, b] = convert(rows.map(|row| row[i]));
            *word = u32::from_le_bytes([r, g, b, 0]);
        }
        for (out, &[first, second, third, last]) in
            run.as_chunks_mut::<12>().0.iter_mut().zip(words.as_chunks::<4>().0)
        {
            let low = u64::from(first) | u64::from(second) << 24 | u64::from(third) << 48;
            let high = third >> 16 | last << 8;
            out[..8].copy_from_slice(&low.to_le_bytes());
            out[8..].copy_from_slice(&high.to_le_bytes());
        }
    }
    for (i, pixel) in rest.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        *pixel = convert(rows.map(|row| row[done + i]));
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
        let of = |ids: &[u8], jfif, adobe| Model::marked(&Headers { jfif, adobe, ..Headers::default() }, ids);
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
