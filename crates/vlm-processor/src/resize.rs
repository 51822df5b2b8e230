//! Antialiased bicubic resize of 8-bit RGB, equal to the bit to torchvision on CPU.
//!
//! Two passes, left-right first, each ending in 8 bits: with wₖ of [`Axis`] and s its fractional bits,
//! out = clamp₀²⁵⁵((2ˢ⁻¹ + Σₖ wₖ·srcₖ) ≫ s). Pixels travel as four bytes (red, green, blue, unused). The first pass
//! takes eight rows at a time, so that one pixel of each of them fills wide vector registers under one weight; the
//! second sees a whole row as one run of bytes.

use image::RgbImage;

use crate::kernel::Axis;

/// Bytes per pixel between and after the passes.
pub(crate) const LANES: usize = 4;
/// Rows that the left-right pass takes at a time.
const ROWS: usize = 8;
/// Bytes that the top-bottom pass sums at a time: as many as the compiler keeps the sums of in registers.
const RUN: usize = 32;

/// The pixels of `ROWS` rows in one column.
type Column = [[u8; LANES]; ROWS];

/// A resize between two fixed sizes: the weights of both axes.
pub(crate) struct Plan {
    horizontal: Axis,
    vertical: Axis,
}

impl Plan {
    /// Weights from `source` to `target`, both (height, width).
    pub fn new(source: (usize, usize), target: (usize, usize)) -> Self {
        Self { horizontal: Axis::new(source.1, target.1), vertical: Axis::new(source.0, target.0) }
    }

    /// Target width.
    pub fn width(&self) -> usize {
        self.horizontal.windows.len()
    }

    /// Bytes of a row between the passes: whole runs.
    pub fn stride(&self) -> usize {
        (LANES * self.width()).next_multiple_of(RUN)
    }
}

/// Scratch rows of one worker, reused from band to band.
#[derive(Default)]
pub(crate) struct Scratch {
    columns: Vec<Column>,
    widened: Vec<Column>,
    rows: Vec<u8>,
}

impl Scratch {
    /// Brings the source rows that target rows `from..to` read to the target width; returns the first of them.
    #[inline(always)]
    pub(crate) fn widen(&mut self, image: &RgbImage, plan: &Plan, from: usize, to: usize) -> usize {
        let first = plan.vertical.windows[from].start;
        let last = &plan.vertical.windows[to - 1];
        let needed = last.start + last.len - first;
        let stride = plan.stride();
        self.rows.resize(needed.next_multiple_of(ROWS) * stride, 0);
        self.columns.resize(image.width() as usize, Column::default());
        self.widened.resize(plan.width(), Column::default());
        for (group, y) in self.rows.chunks_exact_mut(ROWS * stride).zip((first..).step_by(ROWS)) {
            interleave(image, y, &mut self.columns);
            left_right(&self.columns, &plan.horizontal, &mut self.widened);
            separate(&self.widened, group);
        }
        first
    }

    /// Target row `y`, given that [`Scratch::widen`] ran for it and returned `first`.
    #[inline(always)]
    pub(crate) fn row(&self, plan: &Plan, first: usize, y: usize, out: &mut [u8]) {
        let window = &plan.vertical.windows[y];
        let rows = &self.rows[(window.start - first) * out.len()..];
        top_bottom(rows, plan.vertical.taps(window), plan.vertical.shift, out);
    }
}

/// Sets rows `y..y + ROWS` side by side, column by column. Behind the last row that row repeats; nobody reads it.
#[inline(always)]
fn interleave(image: &RgbImage, y: usize, columns: &mut [Column]) {
    let bytes = 3 * image.width() as usize;
    for row in 0..ROWS {
        let source = (y + row).min(image.height() as usize - 1);
        let (fours, rest) = image.as_raw()[source * bytes..][..bytes].as_chunks::<12>();
        let (done, left) = columns.split_at_mut(4 * fours.len());
        for (columns, four) in done.as_chunks_mut::<4>().0.iter_mut().zip(fours) {
            for (column, pixel) in columns.iter_mut().zip(split(four)) {
                column[row] = pixel;
            }
        }
        for (column, &[r, g, b]) in left.iter_mut().zip(rest.as_chunks::<3>().0) {
            column[row] = [r, g, b, 0];
        }
    }
}

/// Four pixels, each loaded with the byte that stands beside it: what the unused byte holds does not matter.
#[inline(always)]
fn split(four: &[u8; 12]) -> [[u8; LANES]; 4] {
    let at = |i: usize| [four[i], four[i + 1], four[i + 2], four[i + 3]];
    let [_, r, g, b] = at(8);
    [at(0), at(3), at(6), [r, g, b, 0]]
}

/// Resamples `ROWS` rows, still side by side, into `out`.
#[inline(always)]
fn left_right(columns: &[Column], axis: &Axis, out: &mut [Column]) {
    let half = (1i32 << axis.shift) >> 1;
    for (window, out) in axis.windows.iter().zip(out) {
        let mut sums = [half; ROWS * LANES];
        for (&weight, column) in axis.taps(window).iter().zip(&columns[window.start..]) {
            for (sum, &byte) in sums.iter_mut().zip(column.as_flattened()) {
                *sum += i32::from(weight) * i32::from(byte);
            }
        }
        round(&sums, axis.shift, out.as_flattened_mut());
    }
}

/// Lays the rows in `columns` one after the other: the inverse of [`interleave`].
#[inline(always)]
fn separate(columns: &[Column], rows: &mut [u8]) {
    let stride = rows.len() / ROWS;
    for (place, row) in rows.chunks_exact_mut(stride).enumerate() {
        for (pixel, column) in row.as_chunks_mut::<LANES>().0.iter_mut().zip(columns) {
            *pixel = column[place];
        }
    }
}

/// Sums the rows at the head of `rows`, each as long as `out`, weighted by `taps`.
#[inline(always)]
fn top_bottom(rows: &[u8], taps: &[i16], shift: u32, out: &mut [u8]) {
    let half = (1i32 << shift) >> 1;
    let runs = rows.as_chunks::<RUN>().0;
    let per_row = out.len() / RUN;
    for (at, out) in out.as_chunks_mut::<RUN>().0.iter_mut().enumerate() {
        let mut sums = [half; RUN];
        for (&weight, run) in taps.iter().zip(runs[at..].iter().step_by(per_row)) {
            for (sum, &byte) in sums.iter_mut().zip(run) {
                *sum += i32::from(weight) * i32::from(byte);
            }
        }
        round(&sums, shift, out);
    }
}

/// Ends a pass: whole numbers again, cut off at black and white.
#[inline(always)]
fn round(sums: &[i32], shift: u32, out: &mut [u8]) {
    for (byte, sum) in out.iter_mut().zip(sums) {
        *byte = (sum >> shift).clamp(0, 255) as u8;
    }
}
