//! When work is large enough to be shared between threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rayon::Yield;
use rayon::prelude::*;

/// Multiply-adds (or elements of comparable cost) below which sharing costs more than it saves.
const WORTH_SHARING: usize = 1 << 18;
/// The same for a thread outside the pool, which sleeps until the pool's threads have done the work.
const WORTH_WAITING: usize = 1 << 22;

/// Whether `work` multiply-adds should be spread over the thread pool.
pub(crate) fn worth_sharing(work: usize) -> bool {
    work >= WORTH_SHARING
        && rayon::current_num_threads() > 1
        && (work >= WORTH_WAITING || rayon::current_thread_index().is_some())
}

/// How long a thread stands by for work without getting any.
const PATIENCE: Duration = Duration::from_millis(5);

/// Does `work` while the other threads of the pool stand by for parts of it.
///
/// Decoding shares thousands of products of a tenth of a millisecond. A thread that goes to sleep between two of them takes
/// about as long to wake up as its part would have taken it.
///
/// Only where the caller is one of the pool's threads, as the main thread of a program is that makes its pool with
/// [`use_current_thread`](rayon::ThreadPoolBuilder::use_current_thread): another would have to wait for them with nothing
/// to do. A thread that finds nothing to do for a while goes to sleep after all, and lets other programs have its core
/// before.
pub fn while_standing_by<T>(work: impl FnOnce() -> T) -> T {
    let Some(caller) = rayon::current_thread_index().filter(|_| rayon::current_num_threads() > 1) else {
        return work();
    };
    let done = Done(AtomicBool::new(false));
    rayon::in_place_scope(|scope| {
        let done = &done;
        scope.spawn_broadcast(move |_, thread| {
            if thread.index() != caller {
                done.stand_by();
            }
        });
        let _end = OnEnd(done);
        work()
    })
}

struct Done(AtomicBool);

impl Done {
    fn stand_by(&self) {
        let mut last = Instant::now();
        while !self.0.load(Ordering::Acquire) && last.elapsed() < PATIENCE {
            match rayon::yield_now() {
                Some(Yield::Executed) => last = Instant::now(),
                _ => std::thread::yield_now(),
            }
        }
    }
}

/// Also when the work panics.
struct OnEnd<'a>(&'a Done);

impl Drop for OnEnd<'_> {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Release);
    }
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

/// Calls `f(i, chunk)` for every `len` values of `out`, on all threads when the `work` is worth it.
pub(crate) fn for_chunks<T: Send>(
    out: &mut [T],
    len: usize,
    work: usize,
    f: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    if worth_sharing(work) {
        out.par_chunks_mut(len).enumerate().for_each(|(i, chunk)| f(i, chunk));
    } else {
        out.chunks_mut(len).enumerate().for_each(|(i, chunk)| f(i, chunk));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    /// A sum made in parts, inside a call inside another.
    fn sum() -> usize {
        while_standing_by(|| while_standing_by(|| (0..10_000_usize).into_par_iter().with_max_len(100).sum()))
    }

    #[test]
    fn work_beside_threads_that_stand_by_gives_what_it_gives_alone() {
        assert_eq!(sum(), 49_995_000, "from a thread of no pool");
        for threads in [1, 2, 5] {
            assert_eq!(pool(threads).install(sum), 49_995_000, "{threads} threads");
        }
        let sums: Vec<usize> = pool(3).install(|| (0..20).into_par_iter().map(|_| sum()).collect());
        assert_eq!(sums, [49_995_000; 20], "from several threads at once");
    }

    #[test]
    fn a_panic_lets_go_of_the_threads_that_stand_by() {
        let pool = pool(2);
        let caught = pool.install(|| std::panic::catch_unwind(|| while_standing_by(|| panic!("expected"))));
        assert!(caught.is_err());
        assert_eq!(pool.install(sum), 49_995_000);
    }
}
