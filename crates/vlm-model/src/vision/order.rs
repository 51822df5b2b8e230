//! In which order the tower sees a visual's patches, and which of them attend to each other.

use std::ops::Range;
use vlm_processor::Grid;

/// The arrangement of one visual's patches.
///
/// Patches come in merge order: the `m`² patches of a merged unit are neighbours. Windowed towers regroup the
/// units so that every window is one run of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchOrder {
    /// For each place in the tower, the merged unit that stands there.
    pub units: Vec<usize>,
    /// Rows of patches that form one window.
    pub windows: Vec<Range<usize>>,
    /// Rows of patches that form one frame.
    pub frames: Vec<Range<usize>>,
    /// Row and column of the patch at each place.
    pub positions: Vec<[u32; 2]>,
}

impl PatchOrder {
    /// Raster order of units, as the full-attention tower reads them: the only windows are the frames.
    pub fn raster(grid: Grid, merge: usize) -> Self {
        let units = (0..grid.tokens(merge)).collect();
        let frames = frames(grid);
        Self { units, windows: frames.clone(), frames, positions: patch_positions(grid, merge) }
    }

    /// Units grouped into windows of `side` x `side` units; windows at the right and lower edge are smaller.
    pub fn windowed(grid: Grid, merge: usize, side: usize) -> Self {
        let (height, width, unit) = (grid.h / merge, grid.w / merge, merge * merge);
        let mut units = Vec::with_capacity(grid.tokens(merge));
        let mut windows = Vec::new();
        for frame in 0..grid.t {
            for top in (0..height).step_by(side) {
                for left in (0..width).step_by(side) {
                    let start = units.len();
                    for row in top..height.min(top + side) {
                        let first = (frame * height + row) * width;
                        units.extend(first + left..first + width.min(left + side));
                    }
                    windows.push(start * unit..units.len() * unit);
                }
            }
        }
        let raster = patch_positions(grid, merge);
        let positions = units.iter().flat_map(|u| &raster[u * unit..(u + 1) * unit]).copied().collect();
        Self { units, windows, frames: frames(grid), positions }
    }

    /// The place in the tower of each unit: undoes [`PatchOrder::units`].
    pub fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.units.len()];
        for (place, unit) in self.units.iter().enumerate() {
            places[*unit] = place;
        }
        places
    }

    /// Patches rearranged into the tower's order; `columns` numbers make one patch.
    pub fn arrange(&self, patches: &[f32], columns: usize) -> Vec<f32> {
        let per_unit = patches.len() / self.units.len().max(1);
        debug_assert_eq!(per_unit % columns, 0);
        self.units.iter().flat_map(|unit| &patches[unit * per_unit..(unit + 1) * per_unit]).copied().collect()
    }
}

/// One run of `h·w` patches per temporal patch: frames never attend to each other.
fn frames(grid: Grid) -> Vec<Range<usize>> {
    let size = grid.h * grid.w;
    (0..grid.t).map(|t| t * size..(t + 1) * size).collect()
}

/// Row and column of every patch, in merge order.
fn patch_positions(grid: Grid, merge: usize) -> Vec<[u32; 2]> {
    let mut frame = Vec::with_capacity(grid.h * grid.w);
    for top in (0..grid.h).step_by(merge) {
        for left in (0..grid.w).step_by(merge) {
            for row in top..top + merge {
                frame.extend((left..left + merge).map(|column| [row as u32, column as u32]));
            }
        }
    }
    frame.repeat(grid.t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uneven_windows_match_the_worked_example() {
        // 3 x 5 units in windows of 2: widths 2, 2, 1 and heights 2, 1.
        let order = PatchOrder::windowed(Grid { t: 1, h: 6, w: 10 }, 2, 2);
        assert_eq!(order.units, [0, 1, 5, 6, 2, 3, 7, 8, 4, 9, 10, 11, 12, 13, 14]);
        assert_eq!(order.windows, [0..16, 16..32, 32..40, 40..48, 48..56, 56..60]);
        assert_eq!((order.frames.len(), order.frames[0].clone()), (1, 0..60));
        assert_eq!(order.positions[16..20], [[0, 4], [0, 5], [1, 4], [1, 5]]);
    }

    #[test]
    fn windows_never_cross_frames_and_cover_every_unit_once() {
        for (h, w, side) in [(2, 2, 4), (8, 8, 4), (14, 6, 4), (18, 34, 4), (10, 10, 1)] {
            let grid = Grid { t: 3, h, w };
            let order = PatchOrder::windowed(grid, 2, side);
            let mut seen = order.units.clone();
            seen.sort_unstable();
            assert_eq!(seen, (0..grid.tokens(2)).collect::<Vec<_>>());
            assert_eq!(order.windows.iter().map(Range::len).sum::<usize>(), grid.patches());
            for window in &order.windows {
                assert_eq!(window.start / (h * w), (window.end - 1) / (h * w));
            }
            let places = order.places();
            assert!(order.units.iter().enumerate().all(|(place, unit)| places[*unit] == place));
        }
    }

    #[test]
    fn raster_order_leaves_patches_where_they_are() {
        let order = PatchOrder::raster(Grid { t: 2, h: 4, w: 2 }, 2);
        let patches: Vec<f32> = (0..16 * 3).map(|x| x as f32).collect();
        assert_eq!(order.arrange(&patches, 3), patches);
        assert_eq!(order.positions[..5], [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]]);
        assert_eq!(order.frames, [0..8, 8..16]);
    }
}
