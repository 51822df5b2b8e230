//! A matrix that is made a run of rows at a time, so that it never exists whole.

use super::matrix::Mat;

/// Numbers of a run: few enough for the cache, and rows enough for a product at full speed.
const TILE: usize = 1 << 18;

/// Calls `f` with runs of the rows of a matrix `[rows, columns]`: where each starts, and the rows, which `fill` has written.
pub(crate) fn in_tiles(
    [rows, columns]: [usize; 2],
    fill: impl Fn(usize, &mut [f32]),
    mut f: impl FnMut(usize, Mat<'_>),
) {
    let step = (TILE / columns.max(1)).clamp(1, rows.max(1));
    let mut tile = vec![0.0; step * columns];
    for first in (0..rows).step_by(step) {
        let count = step.min(rows - first);
        let numbers = &mut tile[..count * columns];
        fill(first, numbers);
        f(first, Mat::new(numbers, count, columns));
    }
}
