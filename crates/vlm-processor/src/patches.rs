//! From frames to the rows that the vision tower reads: resize, normalise and cut, one band of patches at a time.
//!
//! A band is `merge_size` rows of patches: the patches of a band are neighbours in the output, so bands are
//! written by different threads without a lock, and no picture in `f32` ever exists as a whole.

use std::ops::Range;

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
    /// Channel `channel` of a patch, whole runs at a time.
    #[inline(always)]
    fn plane(&self, corner: &Corner, channel: usize, plane: &mut [f32]) {
        for y in 0..corner.side {
            for x in (0..corner.side).step_by(RUN) {
                let pixels = corner.pixels[y * corner.stride + x..].first_chunk();
                let pixels = pixels.expect("a spare run stands behind the last row");
                self.run(pixels, channel, &mut plane[y * corner.side + x..]);
            }
        }
    }

    /// Channel `channel` of a run of pixels to the head of `rest`, the rest of its plane. What then stands behind
    /// the end of its row, the next row overwrites.
    #[inline(always)]
    fn run(&self, pixels: &[[u8; LANES]; RUN], channel: usize, rest: &mut [f32]) {
        let (mean, std) = (self.mean[channel], self.std[channel]);
        let value = |pixel: [u8; LANES]| {
            let byte = (u32::from_le_bytes(pixel) >> (8 * channel)) & 0xff;
            (byte as i32 as f32 - mean) / std
        };
        match rest.first_chunk_mut() {
            Some(run) => *run = pixels.map(value),
            None => rest.iter_mut().zip(pixels).for_each(|(to, &pixel)| *to = value(pixel)),
        }
    }
}

/// One patch of a band that has been resized: the first of `pixels` is its upper left one, and its rows, of which
/// it takes `side` pixels each, are `stride` pixels apart.
struct Corner<'a> {
    pixels: &'a [[u8; LANES]],
    stride: usize,
    side: usize,
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
            cut.fill(worker, (index / bands, index % bands), band);
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

impl Cut<'_> {
    /// Fills one band; `place` is its temporal patch and its place from the top.
    fn fill(&self, worker: &mut Worker, place: (usize, usize), band: &mut [f32]) {
        let first_frame = place.0 * self.layout.temporal;
        let last = self.frames.len() - 1;
        let mut slot = 0;
        while slot < self.layout.temporal {
            let frame = first_frame + slot;
            // The last frame also fills the slots that no frame of its own is left for.
            let end = if frame == last { self.layout.temporal } else { slot + 1 };
            run_widest(Resize { cut: self, worker, frame: &self.frames[frame], top: place.1 });
            run_widest(Deal { cut: self, pixels: &worker.pixels, slots: slot..end, band });
            slot = end;
        }
    }
}

/// Resizing the rows of one band of `frame`, the `top`th from the top. It and [`Deal`] are tasks of their own
/// because the compiler runs out of registers over both at once.
struct Resize<'a, 'b> {
    cut: &'a Cut<'b>,
    worker: &'a mut Worker,
    frame: &'a RgbImage,
    top: usize,
}

impl Task for Resize<'_, '_> {
    #[inline(always)]
    fn run(self) {
        let Self { cut, worker, frame, top } = self;
        let (factor, stride) = (cut.layout.factor(), cut.plan.stride());
        let rows = top * factor..(top + 1) * factor;
        // A run that starts in the last row may end behind it.
        worker.pixels.resize(factor * stride + RUN * LANES, 0);
        let first = worker.scratch.widen(frame, &cut.plan, rows.start, rows.end);
        for (y, row) in rows.zip(worker.pixels.chunks_exact_mut(stride)) {
            worker.scratch.row(&cut.plan, first, y, row);
        }
    }
}

/// Normalising the pixels of a band into some slots of its patches.
struct Deal<'a, 'b> {
    cut: &'a Cut<'b>,
    pixels: &'a [u8],
    slots: Range<usize>,
    band: &'a mut [f32],
}

impl Task for Deal<'_, '_> {
    #[inline(always)]
    fn run(self) {
        match self.cut.layout.patch {
            // The same with the published side known to the compiler.
            14 => self.deal(14),
            side => self.deal(side),
        }
    }
}

impl Deal<'_, '_> {
    /// Fills the slots of all patches, `side` pixels wide and high.
    #[inline(always)]
    fn deal(self, side: usize) {
        let (layout, stride) = (self.cut.layout, self.cut.plan.stride() / LANES);
        let (area, pixels) = (side * side, self.pixels.as_chunks::<LANES>().0);
        for (index, patch) in self.band.chunks_exact_mut(layout.values()).enumerate() {
            let (row, column) = layout.place(index);
            let corner = Corner { pixels: &pixels[(row * stride + column) * side..], stride, side };
            for (channel, planes) in patch.chunks_exact_mut(layout.temporal * area).enumerate() {
                let (plane, copies) =
                    planes[self.slots.start * area..self.slots.end * area].split_at_mut(area);
                self.cut.normalise.plane(&corner, channel, plane);
                copies.chunks_exact_mut(area).for_each(|copy| copy.copy_from_slice(plane));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Value (`y`, `x`) of `channel` and `slot` in patch (`row`, `column`).
    fn value(patches: &Patches, layout: &Layout, patch: (usize, usize), inside: [usize; 4]) -> f32 {
        let (merge, side) = (layout.merge, layout.patch);
        let token = patch.0 / merge * (patches.grid.w / merge) + patch.1 / merge;
        let index = (token * merge + patch.0 % merge) * merge + patch.1 % merge;
        let [channel, slot, y, x] = inside;
        let at = ((channel * layout.temporal + slot) * side + y) * side + x;
        patches.values[index * layout.values() + at]
    }

    #[test]
    fn a_picture_that_keeps_its_size_lands_in_patches_of_any_side() {
        let normalise = Normalise { mean: [1.0, 20.0, 300.0], std: [1.5, 2.5, 3.5] };
        for side in [1, 3, 14, 15, 16, 17, 32, 33] {
            let layout = Layout { patch: side, temporal: 2, merge: 2 };
            let (height, width) = (4 * side, 6 * side);
            let image = RgbImage::from_fn(width as u32, height as u32, |x, y| {
                image::Rgb([0, 1, 2].map(|c| (x * 7 + y * 13 + c * 29 + x * y) as u8))
            });
            let patches = cut(std::slice::from_ref(&image), (height, width), layout, normalise);
            for (x, y, pixel) in image.enumerate_pixels() {
                let (x, y) = (x as usize, y as usize);
                for (channel, slot) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)] {
                    let found =
                        value(&patches, &layout, (y / side, x / side), [channel, slot, y % side, x % side]);
                    let expected =
                        (f32::from(pixel[channel]) - normalise.mean[channel]) / normalise.std[channel];
                    assert_eq!(found, expected, "side {side}: {channel}, {slot} of {x}, {y}");
                }
            }
        }
    }
}
