//! Components of fewer samples brought to the size of the picture.
//!
//! Halved sides are interpolated with weights ¾ (nearer sample) and ¼ (farther one), which puts the new samples where
//! the encoder's averages say; the half that is added before a sum is cut off alternates by one between neighbours,
//! so that rounding does not drift. Every other ratio repeats samples.

use super::fault::{Fault, Kind};
use super::frame::{Component, Frame};
use super::plane::Plane;

/// How a component is stretched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stretch {
    /// Every sample is repeated so many times across and down.
    Repeat(usize, usize),
    /// Interpolated to twice the width.
    Across,
    /// Interpolated to twice the height.
    Down,
    /// Interpolated to twice width and height.
    Both,
}

impl Stretch {
    /// What libjpeg-turbo does for a component of the frame.
    pub fn of(component: &Component, frame: &Frame) -> Result<Self, Fault> {
        let ((h, v), (h_most, v_most)) = (component.sampling, frame.sampling);
        if !h_most.is_multiple_of(h) || !v_most.is_multiple_of(v) {
            return Err(Fault::Unsupported(Kind::Sampling));
        }
        // Two columns are too few for the interpolation across, which treats the first and the last apart.
        let wide = component.size.0 > 2;
        Ok(match (h_most / h, v_most / v) {
            (2, 1) if wide => Self::Across,
            (1, 2) => Self::Down,
            (2, 2) if wide => Self::Both,
            (across, down) => Self::Repeat(across, down),
        })
    }

    /// Samples of a row of `plane` after stretching.
    pub fn width(self, plane: &Plane) -> usize {
        match self {
            Self::Repeat(across, _) => across * plane.width(),
            Self::Across | Self::Both => 2 * plane.width(),
            Self::Down => plane.width(),
        }
    }

    /// Row `y` of the stretched component; `scratch` holds it unless it is one of the plane's own rows.
    #[inline(always)]
    pub fn row<'a>(self, plane: &'a Plane, y: usize, scratch: &'a mut Scratch) -> &'a [u8] {
        let (near, far) = match y % 2 {
            0 => (y as isize / 2, y as isize / 2 - 1),
            _ => (y as isize / 2, y as isize / 2 + 1),
        };
        match self {
            Self::Repeat(1, down) => return plane.row((y / down) as isize),
            Self::Repeat(across, down) => repeat(plane.row((y / down) as isize), across, &mut scratch.row),
            Self::Across => across(plane.row(y as isize), &mut scratch.row),
            Self::Down => {
                let half = 1 + (y % 2) as u16;
                for (out, (&near, &far)) in
                    scratch.row.iter_mut().zip(plane.row(near).iter().zip(plane.row(far)))
                {
                    *out = ((3 * u16::from(near) + u16::from(far) + half) >> 2) as u8;
                }
            }
            Self::Both => {
                for (sum, (&near, &far)) in
                    scratch.sums.iter_mut().zip(plane.row(near).iter().zip(plane.row(far)))
                {
                    *sum = 3 * u16::from(near) + u16::from(far);
                }
                both(&scratch.sums, &mut scratch.row);
            }
        }
        &scratch.row
    }
}

/// Room for one stretched row of a component.
pub(crate) struct Scratch {
    row: Vec<u8>,
    /// Weighted sums of two rows, before they are interpolated across.
    sums: Vec<u16>,
}

impl Scratch {
    /// Room for rows of `plane`.
    pub fn new(stretch: Stretch, plane: &Plane) -> Self {
        let sums = if stretch == Stretch::Both { plane.width() } else { 0 };
        Self { row: vec![0; stretch.width(plane)], sums: vec![0; sums] }
    }
}

#[inline(always)]
fn repeat(row: &[u8], times: usize, out: &mut [u8]) {
    for (out, &sample) in out.chunks_exact_mut(times).zip(row) {
        out.fill(sample);
    }
}

/// (3·near + far + half) / 4, with 1 for half to the left of a sample and 2 to its right.
#[inline(always)]
fn across(row: &[u8], out: &mut [u8]) {
    let (pairs, _) = out.as_chunks_mut::<2>();
    for (window, out) in row.array_windows::<3>().zip(&mut pairs[1..]) {
        let [left, near, right] = window.map(u16::from);
        *out = [((3 * near + left + 1) >> 2) as u8, ((3 * near + right + 2) >> 2) as u8];
    }
    if let ([first, second, ..], [.., before, last]) = (row, row) {
        let near = |near: u8, far: u8, half| ((3 * u16::from(near) + u16::from(far) + half) >> 2) as u8;
        pairs[0] = [*first, near(*first, *second, 2)];
        pairs[row.len() - 1] = [near(*last, *before, 1), *last];
    }
}

/// (3·near + far + half) / 16 over sums of two rows, with 8 for half to the left of a sample and 7 to its right.
#[inline(always)]
fn both(sums: &[u16], out: &mut [u8]) {
    let (pairs, _) = out.as_chunks_mut::<2>();
    for (window, out) in sums.array_windows::<3>().zip(&mut pairs[1..]) {
        let [left, near, right] = *window;
        *out = [((3 * near + left + 8) >> 4) as u8, ((3 * near + right + 7) >> 4) as u8];
    }
    if let ([first, second, ..], [.., before, last]) = (sums, sums) {
        pairs[0] = [((4 * first + 8) >> 4) as u8, ((3 * first + second + 7) >> 4) as u8];
        pairs[sums.len() - 1] = [((3 * last + before + 8) >> 4) as u8, ((4 * last + 7) >> 4) as u8];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_interpolated_with_alternating_rounding() {
        let mut out = [0; 6];
        across(&[0, 10, 255], &mut out);
        assert_eq!(out, [0, 3, 7, 71, 194, 255]);
        both(&[0, 40, 1020], &mut out);
        assert_eq!(out, [0, 2, 8, 71, 194, 255]);
    }

    #[test]
    fn the_ratio_and_the_width_choose_the_method() {
        let stretch = |luma: u8, width: u8| {
            let header = [8, 0, 9, 0, width, 3, 1, luma, 0, 2, 0x11, 0, 3, 0x11, 0];
            let frame = Frame::read(&header, super::super::frame::Process::Sequential).unwrap();
            Stretch::of(&frame.components[1], &frame)
        };
        assert_eq!(stretch(0x21, 5), Ok(Stretch::Across));
        assert_eq!(stretch(0x21, 4), Ok(Stretch::Repeat(2, 1)));
        assert_eq!(stretch(0x22, 5), Ok(Stretch::Both));
        assert_eq!(stretch(0x22, 4), Ok(Stretch::Repeat(2, 2)));
        assert_eq!(stretch(0x12, 1), Ok(Stretch::Down));
        assert_eq!(stretch(0x41, 9), Ok(Stretch::Repeat(4, 1)));
        assert_eq!(stretch(0x11, 9), Ok(Stretch::Repeat(1, 1)));
    }
}
