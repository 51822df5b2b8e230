//! The product of a few rows with a weight that exists only a piece at a time.

use std::cell::RefCell;

use super::{Few, parts};
use crate::kernel::matrix::Threads;
use crate::kernel::shared::Shared;
use crate::kernel::threads;

/// Rows of the weight that are made at a time: as many as the widest tile of results has columns.
const PIECE: usize = 16;

/// A piece of the weight and what it is multiplied to, kept by each thread.
#[derive(Default)]
struct Scratch {
    weight: Vec<f32>,
    y: Vec<f32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Few<'_> {
    /// Writes `Y` for a weight that is made when it is needed: `fill(o, numbers)` writes its rows from `o` on.
    pub(crate) fn with_made(
        self,
        out: &mut [f32],
        threads: Threads,
        fill: impl Fn(usize, &mut [f32]) + Sync,
    ) {
        assert_eq!(out.len(), self.rows * self.outer, "output");
        let out = Shared::new(out);
        // Making a number costs about what a multiplication does.
        let work = match threads {
            Threads::One => 0,
            Threads::All => (4 * self.rows + 12) * self.inner * self.outer,
        };
        let step = self.outer.div_ceil(parts(work)).next_multiple_of(PIECE).max(1);
        threads::for_each(self.outer.div_ceil(step), work, |i| {
            SCRATCH.with_borrow_mut(|scratch| {
                let end = (i * step + step).min(self.outer);
                for first in (i * step..end).step_by(PIECE) {
                    self.piece(first, PIECE.min(end - first), scratch, out, &fill);
                }
            });
        });
    }

    /// The results of `columns` rows of the weight.
    fn piece(
        &self,
        first: usize,
        columns: usize,
        scratch: &mut Scratch,
        out: Shared<'_>,
        fill: &impl Fn(usize, &mut [f32]),
    ) {
        let Self { bias, more, rows, inner, .. } = *self;
        scratch.weight.resize(columns * inner, 0.0);
        scratch.y.resize(rows * columns, 0.0);
        fill(first, &mut scratch.weight);
        let bias = bias.map(|bias| &bias[first..first + columns]);
        let more = more.map(|more| more.rows_from(first));
        let here = Few { bias, more, outer: columns, ..*self };
        here.with(&scratch.weight).run(&mut scratch.y, Threads::One);
        for (r, y) in scratch.y.chunks_exact(columns).enumerate() {
            // SAFETY: pieces cover disjoint columns, and the rows of one are written one after the other.
            unsafe { out.part(r * self.outer + first, columns) }.copy_from_slice(y);
        }
    }
}
