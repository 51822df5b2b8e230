//! From frames to the rows that the vision tower reads: resize, normalise and cut, one band of patches at a time.
//!
//! A band is `merge_size` rows of patches: the patches of a band are neighbours in the output, so bands are
//! written by different threads without a lock, and no picture in `f32` ever exists as a whole.

use image::RgbImage;
use rayon::prelude::*;

use crate::dispatch::{Task, run_widest};
use crate::grid::{Grid, Patches};
use crate::resize::{LANES, Plan, Scratch};

/// Pixels that are normalised at a time.
const RUN: usize = 16;

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

    /// Place (row, column) of the patch that stands at `index` of a band: merged tokens go left to right, and
    /// inside each of them its patches go in raster order.
    fn place(&self, index: usize) -> (usize, usize) {
        let (token, inside) = (index / (self.merge * self.merge), index % (self.merge * self.merge));
        (inside / self.merge, token * self.merge + inside % self.merge)
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
    /// Channel `channel` of a run of pixels.
    #[inline(always)]
    fn run(&self, pixels: &[[u8; LANES]; RUN], channel: usize) -> [f32; RUN] {
        let (mean, std) = (self.mean[channel], self.std[channel]);
        pixels.map(|pixel| {
            let byte = (u32::from_le_bytes(pixel) >> (8 * channel)) & 0xff;
            (byte as i32 as f32 - mean) / std
        })
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
        let (factor, stride) = (self.layout.factor(), self.plan.stride());
        let rows = top * factor..(top + 1) * factor;
        // A run that starts in the last row may end behind it.
        worker.pixels.resize(factor * stride + RUN * LANES, 0);
        let first = worker.scratch.widen(&self.frames[frame], &self.plan, rows.start, rows.end);
        for (y, row) in rows.zip(worker.pixels.chunks_exact_mut(stride)) {
            worker.scratch.row(&self.plan, first, y, row);
        }
        let pixels = worker.pixels.as_chunks::<LANES>().0;
        for (index, patch) in band.chunks_exact_mut(self.layout.values()).enumerate() {
            let (row, column) = self.layout.place(index);
            let corner = &pixels[row * self.layout.patch * (stride / LANES) + column * self.layout.patch..];
            self.fill_patch(corner, slots.clone(), patch);
        }
    }

    /// Writes the slots of one patch, whose upper left pixel is the first of `corner`.
    #[inline(always)]
    fn fill_patch(&self, corner: &[[u8; LANES]], slots: std::ops::Range<usize>, patch: &mut [f32]) {
        let area = self.layout.patch * self.layout.patch;
        for (channel, planes) in patch.chunks_exact_mut(self.layout.temporal * area).enumerate() {
            let (plane, copies) = planes[slots.start * area..slots.end * area].split_at_mut(area);
            self.fill_plane(corner, channel, plane);
            copies.chunks_exact_mut(area).for_each(|copy| copy.copy_from_slice(plane));
        }
    }

    /// Writes one channel of a patch, whole runs at a time: what a run writes behind its row, the next row
    /// overwrites.
    #[inline(always)]
    fn fill_plane(&self, corner: &[[u8; LANES]], channel: usize, plane: &mut [f32]) {
        let (patch, stride) = (self.layout.patch, self.plan.stride() / LANES);
        for y in 0..patch {
            for x in (0..patch).step_by(RUN) {
                let Some(pixels) = corner[y * stride + x..].first_chunk() else { return };
                let values = self.normalise.run(pixels, channel);
                let rest = &mut plane[y * patch + x..];
                match rest.first_chunk_mut() {
                    Some(run) => *run = values,
                    None => rest.copy_from_slice(&values[..rest.len()]),
                }
            }
        }
    }
}
