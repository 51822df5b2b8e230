//! From frames to the rows that the vision tower reads: resize, normalise and cut, one band of patches at a time.
//!
//! A band is `merge_size` rows of patches: the patches of a band are neighbours in the output, so bands are
//! written by different threads without a lock, and no picture in `f32` ever exists as a whole.

use image::RgbImage;
use rayon::prelude::*;

use crate::dispatch::{Task, run_widest};
use crate::grid::{Grid, Patches};
use crate::resize::{LANES, Plan, Scratch};

/// Sizes of a patch and of the groups that patches form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Pixels along one side of a patch.
    pub patch: usize,
    /// Frames in a patch.
    pub temporal: usize,
    /// Patches along one side of a merged token.
    pub merge: usize,
}

impl Layout {
    /// Values in one patch: channels x frames x rows x columns.
    pub fn values(&self) -> usize {
        3 * self.temporal * self.patch * self.patch
    }

    /// Pixels along one side of a merged token.
    pub fn factor(&self) -> usize {
        self.patch * self.merge
    }

    /// Where within a band's values patch (`row`, `column`) starts: merged tokens go left to right, and inside
    /// each of them its patches go in raster order.
    fn patch_start(&self, row: usize, column: usize) -> usize {
        let token = (column / self.merge) * self.merge * self.merge;
        (token + row * self.merge + column % self.merge) * self.values()
    }
}

/// (x − mean) / std per channel, with mean and std already divided by the rescale factor: the order of operations
/// of torchvision's fused path, so that the same `f32` comes out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Normalise {
    pub mean: [f32; 3],
    pub std: [f32; 3],
}

impl Normalise {
    /// Channel `channel` of a row of pixels.
    #[inline(always)]
    fn row(&self, pixels: &[u8], channel: usize, out: &mut [f32]) {
        let (mean, std) = (self.mean[channel], self.std[channel]);
        for (value, pixel) in out.iter_mut().zip(pixels.as_chunks::<LANES>().0) {
            let byte = (u32::from_le_bytes(*pixel) >> (8 * channel)) & 0xff;
            *value = (byte as i32 as f32 - mean) / std;
        }
    }
}

/// What every band of a clip shares.
pub(crate) struct Cut<'a> {
    pub frames: &'a [RgbImage],
    pub plan: Plan,
    pub layout: Layout,
    pub normalise: Normalise,
}

/// Cuts frames of one size into patches of `size` (height, width). Where frames run out, the last one repeats: a
/// still image is a clip of one frame.
pub(crate) fn cut(
    frames: &[RgbImage],
    size: (usize, usize),
    layout: Layout,
    normalise: Normalise,
) -> Patches {
    let source = (frames[0].height() as usize, frames[0].width() as usize);
    let grid = Grid {
        t: frames.len().div_ceil(layout.temporal),
        h: size.0 / layout.patch,
        w: size.1 / layout.patch,
    };
    let cut = Cut { frames, plan: Plan::new(source, size), layout, normalise };
    let mut values = vec![0.0; grid.patches() * layout.values()];
    let bands = grid.h / layout.merge;
    values.par_chunks_mut(grid.w * layout.merge * layout.values()).enumerate().for_each_init(
        Worker::default,
        |worker, (index, band)| {
            run_widest(Band { cut: &cut, worker, place: (index / bands, index % bands), values: band });
        },
    );
    Patches { grid, values }
}

/// Buffers of one thread.
#[derive(Default)]
pub(crate) struct Worker {
    scratch: Scratch,
    pixels: Vec<u8>,
    values: Vec<f32>,
}

/// One band to fill: `place` is its temporal patch and its place from the top.
struct Band<'a, 'b> {
    cut: &'a Cut<'b>,
    worker: &'a mut Worker,
    place: (usize, usize),
    values: &'a mut [f32],
}

impl Task for Band<'_, '_> {
    #[inline(always)]
    fn run(self) {
        self.cut.fill(self.worker, self.place, self.values);
    }
}

impl Cut<'_> {
    /// Fills one band.
    #[inline(always)]
    fn fill(&self, worker: &mut Worker, place: (usize, usize), band: &mut [f32]) {
        let first_frame = place.0 * self.layout.temporal;
        let last = self.frames.len() - 1;
        let mut slot = 0;
        while slot < self.layout.temporal {
            let frame = first_frame + slot;
            // The last frame also fills the slots that no frame of its own is left for.
            let end = if frame == last { self.layout.temporal } else { slot + 1 };
            self.fill_slots(worker, frame, (place.1, slot..end), band);
            slot = end;
        }
    }

    /// Writes the rows of one frame's band into its slots.
    #[inline(always)]
    fn fill_slots(
        &self,
        worker: &mut Worker,
        frame: usize,
        (top, slots): (usize, std::ops::Range<usize>),
        band: &mut [f32],
    ) {
        let (factor, width) = (self.layout.factor(), self.plan.width());
        let rows = top * factor..(top + 1) * factor;
        worker.pixels.resize(self.plan.stride(), 0);
        worker.values.resize(width, 0.0);
        let first = worker.scratch.widen(&self.frames[frame], &self.plan, rows.start, rows.end);
        for y in rows.clone() {
            worker.scratch.row(&self.plan, first, y, &mut worker.pixels);
            for channel in 0..3 {
                self.normalise.row(&worker.pixels, channel, &mut worker.values);
                for slot in slots.clone() {
                    self.scatter(&worker.values, (y - rows.start, channel, slot), band);
                }
            }
        }
    }

    /// Deals one row of values to the patches it crosses.
    #[inline(always)]
    fn scatter(&self, values: &[f32], (y, channel, slot): (usize, usize, usize), band: &mut [f32]) {
        let patch = self.layout.patch;
        let inside = ((channel * self.layout.temporal + slot) * patch + y % patch) * patch;
        for (column, piece) in values.chunks_exact(patch).enumerate() {
            let start = self.layout.patch_start(y / patch, column) + inside;
            copy_piece(piece, &mut band[start..start + patch]);
        }
    }
}

/// `copy_from_slice` with the published patch width known to the compiler.
#[inline(always)]
fn copy_piece(from: &[f32], to: &mut [f32]) {
    match (<&[f32; 14]>::try_from(from), <&mut [f32; 14]>::try_from(&mut *to)) {
        (Ok(from), Ok(to)) => *to = *from,
        _ => to.copy_from_slice(from),
    }
}
