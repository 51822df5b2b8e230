//! When work is large enough to be shared between threads.

use rayon::prelude::*;

/// Multiply-adds (or elements of comparable cost) below which waking another thread costs more than it saves.
const WORTH_SHARING: usize = 1 << 22;

/// Whether `work` multiply-adds should be spread over the thread pool.
pub(crate) fn worth_sharing(work: usize) -> bool {
    work >= WORTH_SHARING && rayon::current_num_threads() > 1
}

/// Calls `f(i)` for every `i < count`, on all threads when the `work` is worth it.
///
/// Indices are handed out one by one in order, so put the heaviest first.
pub(crate) fn for_each(count: usize, work: usize, f: impl Fn(usize) + Sync + Send) {
    if count > 1 && worth_sharing(work) {
        (0..count).into_par_iter().with_max_len(1).for_each(f);
    } else {
        (0..count).for_each(f);
    }
}

/// Calls `f(i, block)` for every block of `rows` rows of `out`, on all threads when the `work` is worth it.
pub(crate) fn for_row_blocks(
    out: &mut [f32],
    width: usize,
    work: usize,
    f: impl Fn(usize, &mut [f32]) + Sync + Send,
) {
    const ROWS: usize = 16;
    let rows = out.len() / width.max(1);
    if rows > ROWS && worth_sharing(work) {
        let block = ROWS.max(rows.div_ceil(8 * rayon::current_num_threads()));
        out.par_chunks_mut(block * width).enumerate().for_each(|(i, chunk)| f(i * block, chunk));
    } else {
        f(0, out);
    }
}

/// Calls `f` on every row of `rows` and its companion, on all threads when the `work` is worth it.
pub(crate) fn for_rows_with<T: Send>(
    rows: &mut [f32],
    companions: &mut [T],
    work: usize,
    f: impl Fn(&mut [f32], &mut T) + Sync + Send,
) {
    let width = (rows.len() / companions.len().max(1)).max(1);
    if worth_sharing(work) {
        rows.par_chunks_exact_mut(width).zip(companions).for_each(|(row, companion)| f(row, companion));
    } else {
        rows.chunks_exact_mut(width).zip(companions).for_each(|(row, companion)| f(row, companion));
    }
}
