//! Tiles of logits: some rows against some of the vocabulary.

use std::ops::Range;

use super::TokenLogProbs;
use crate::kernel::matrix::{Mat, MatMut, Onto, Threads, product};

/// Rows of one tile.
pub(super) const ROWS: usize = 256;
/// Tokens of one tile: with [`ROWS`] a tile of 2 MiB.
pub(super) const TOKENS: usize = 2048;

/// Multiply-adds that an exponential and its sums are worth.
pub(super) const COST_OF_EXP: usize = 16;

/// `0..count` in steps.
pub(super) fn steps(count: usize, step: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count).step_by(step).map(move |from| from..(from + step).min(count))
}

/// Writes `z = H Eᵀ / T` of these rows and tokens to the front of `logits`, forbidden tokens as minus infinity.
pub(super) fn logits<'a>(
    operation: &TokenLogProbs,
    hidden: Mat<'_>,
    head: Mat<'_>,
    tokens: &Range<usize>,
    logits: &'a mut [f32],
) -> &'a mut [f32] {
    let width = tokens.len();
    let logits = &mut logits[..hidden.rows * width];
    let inverse = 1.0 / operation.temperature;
    product(MatMut::new(logits, width), Onto::Replace, hidden, head.t(), inverse, Threads::All);
    let forbidden = &operation.forbidden;
    let from = forbidden.partition_point(|&id| id < tokens.start);
    let to = forbidden.partition_point(|&id| id < tokens.end);
    for row in logits.chunks_exact_mut(width) {
        for &id in &forbidden[from..to] {
            row[id - tokens.start] = f32::NEG_INFINITY;
        }
    }
    logits
}
