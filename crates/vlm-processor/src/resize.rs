//! Antialiased bicubic resize of 8-bit RGB, equal to the bit to torchvision on CPU.
//!
//! Two passes, left-right first, each ending in 8 bits: with wₖ of [`Axis`] and s its fractional bits,
//! out = clamp₀²⁵⁵((2ˢ⁻¹ + Σₖ wₖ·srcₖ) ≫ s). Pixels travel as four bytes (red, green, blue, unused): one pixel is
//! then one lane group of a vector register, and a whole row is one run of bytes for the second pass.

use image::RgbImage;

use crate::kernel::Axis;

/// Bytes per pixel between and after the passes.
pub(crate) const LANES: usize = 4;
/// Bytes that the top-bottom pass sums at a time.
const RUN: usize = 32;

/// Scratch rows of one worker, reused from band to band.
#[derive(Default)]
pub(crate) struct Scratch {
    padded: Vec<u8>,
    rows: Vec<u8>,
}

/// Brings source row `y` to the target width, into `out` of `LANES` bytes per pixel.
#[inline(always)]
pub(crate) fn left_right(source: &[u8], axis: &Axis, out: &mut [u8]) {
    let half = (1i32 << axis.shift) >> 1;
    for (window, pixel) in axis.windows.iter().zip(out.as_chunks_mut::<LANES>().0) {
        let mut sums = [half; LANES];
        let samples = source[3 * window.start..].windows(LANES).step_by(3);
        for (&weight, sample) in axis.taps(window).iter().zip(samples) {
            for lane in 0..LANES {
                sums[lane] += i32::from(weight) * i32::from(sample[lane]);
            }
        }
        *pixel = sums.map(|sum| (sum >> axis.shift).clamp(0, 255) as u8);
    }
}

/// Sums rows of `stride` bytes, `rows[k]` weighted by `taps[k]`, into `out`.
#[inline(always)]
pub(crate) fn top_bottom(rows: &[u8], taps: &[i16], shift: u32, out: &mut [u8]) {
    let stride = out.len();
    let half = (1i32 << shift) >> 1;
    let mut at = 0;
    while at < stride {
        // The last run overlaps the one before it, so that every run is full.
        let begin = at.min(stride.saturating_sub(RUN));
        let len = RUN.min(stride);
        let mut sums = [half; RUN];
        for (k, &weight) in taps.iter().enumerate() {
            let run = &rows[k * stride + begin..][..len];
            for (sum, &byte) in sums.iter_mut().zip(run) {
                *sum += i32::from(weight) * i32::from(byte);
            }
        }
        for (byte, sum) in out[begin..][..len].iter_mut().zip(sums) {
            *byte = (sum >> shift).clamp(0, 255) as u8;
        }
        at += RUN;
    }
}

impl Scratch {
    /// Brings the source rows that target rows `from..to` read to the target width.
    #[inline(always)]
    pub(crate) fn widen(&mut self, image: &RgbImage, plan: &Plan, from: usize, to: usize) -> usize {
        let first = plan.vertical.windows[from].start;
        let last = &plan.vertical.windows[to - 1];
        let stride = LANES * plan.width();
        let needed = last.start + last.len - first;
        self.rows.resize(needed * stride, 0);
        let row_bytes = 3 * image.width() as usize;
        for (row, y) in self.rows.chunks_exact_mut(stride).zip(first..) {
            self.padded.clear();
            self.padded.extend_from_slice(&image.as_raw()[y * row_bytes..][..row_bytes]);
            self.padded.push(0);
            left_right(&self.padded, &plan.horizontal, row);
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

/// A resize between two fixed sizes: the weights of both axes.
pub(crate) struct Plan {
    pub horizontal: Axis,
    pub vertical: Axis,
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
}
