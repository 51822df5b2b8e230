//! Tiles of results in registers.

use std::ops::Range;

use super::{COLUMNS, Left, PAIRS, ROWS, Right};
use crate::kernel::shared::Shared;
use crate::kernel::simd::{self, Simd, dispatch};

/// Whether this machine multiplies pairs faster than numbers in 32 bits.
pub(crate) fn are_fast() -> bool {
    simd::multiplies_pairs()
}

dispatch! {
    pairs
    /// Results of a range of panels of rows and of columns.
    pub(super) fn block(
        out: Shared<'_>,
        left: &Left,
        right: Right<'_>,
        panels: Range<usize>,
        columns: Range<usize>,
        scratch: &mut Vec<u32>,
    ) = block_body
}

#[inline(always)]
fn block_body<S: Simd>(
    out: Shared<'_>,
    left: &Left,
    right: Right<'_>,
    panels: Range<usize>,
    columns: Range<usize>,
    scratch: &mut Vec<u32>,
) {
    let all = left.inner().div_ceil(2);
    for first in (0..all).step_by(PAIRS) {
        let count = PAIRS.min(all - first);
        let tiles = columns.len().div_ceil(COLUMNS);
        scratch.resize(tiles * count * COLUMNS, 0);
        for (tile, pairs) in scratch.chunks_exact_mut(count * COLUMNS).enumerate() {
            right.lay_out(columns.start + tile * COLUMNS, first, pairs);
        }
        for panel in panels.clone() {
            let rows = left.panel(panel, first, count);
            for (tile, pairs) in scratch.chunks_exact(count * COLUMNS).enumerate() {
                let sums = sums::<S>(rows, pairs);
                let from = columns.start + tile * COLUMNS;
                let width = COLUMNS.min(columns.end - from);
                for (r, sums) in sums.iter().enumerate().take(left.rows() - panel * ROWS) {
                    // SAFETY: tasks cover disjoint rows or columns, and one writes a result after the other.
                    let out = unsafe { out.part((panel * ROWS + r) * right.columns() + from, width) };
                    keep(out, sums, first == 0);
                }
            }
        }
    }
}

/// Writes the first sums, adds the others.
#[inline(always)]
fn keep(out: &mut [f32], sums: &[f32; COLUMNS], is_first: bool) {
    match (<&mut [f32; COLUMNS]>::try_from(&mut *out), is_first) {
        (Ok(out), true) => *out = *sums,
        (Ok(out), false) => (0..COLUMNS).for_each(|i| out[i] += sums[i]),
        (Err(_), true) => out.iter_mut().zip(sums).for_each(|(out, sum)| *out = *sum),
        (Err(_), false) => out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum),
    }
}

/// `Σ left · right` over the pairs of a panel.
#[inline(always)]
fn sums<S: Simd>(left: &[u32], right: &[u32]) -> [[f32; COLUMNS]; ROWS] {
    let mut out = [[0.0; COLUMNS]; ROWS];
    let count = (left.len() / ROWS).min(right.len() / COLUMNS);
    // Two registers at a time: with narrower ones there are more of them.
    for column in (0..COLUMNS).step_by(2 * S::WIDTH) {
        // SAFETY: `S` is the level that this function was compiled and chosen for; reads end before `count` pairs of all
        // rows and columns, and `out` has a place for every sum.
        unsafe {
            let mut sums = [[S::splat(0.0); 2]; ROWS];
            for p in 0..count {
                let right = right.as_ptr().add(p * COLUMNS + column);
                let right = [S::load_pairs(right), S::load_pairs(right.add(S::WIDTH))];
                for (r, sums) in sums.iter_mut().enumerate() {
                    let left = S::splat_pair(*left.as_ptr().add(p * ROWS + r));
                    sums[0] = S::add_pairs(left, right[0], sums[0]);
                    sums[1] = S::add_pairs(left, right[1], sums[1]);
                }
            }
            for (out, sums) in out.iter_mut().zip(&sums) {
                S::store(sums[0], out.as_mut_ptr().add(column));
                S::store(sums[1], out.as_mut_ptr().add(column + S::WIDTH));
            }
        }
    }
    out
}
