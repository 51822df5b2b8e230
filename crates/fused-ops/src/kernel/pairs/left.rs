//! The factor whose rows become rows of the result.

use half::bf16;

use super::{ROWS, pair};
use crate::kernel::{threads, vector};

/// A matrix rounded to bfloat16, in panels of twelve rows: the pairs at one place of all twelve follow each other. What is
/// missing of a pair or of a panel is zero.
pub(crate) struct Left {
    pairs: Vec<u32>,
    rows: usize,
    inner: usize,
}

impl Left {
    /// Rounds a dense matrix `[rows, inner]`.
    pub(crate) fn rounded(x: &[f32], rows: usize, inner: usize) -> Self {
        assert_eq!(x.len(), rows * inner, "rows");
        let panel = inner.div_ceil(2) * ROWS;
        let mut pairs = vec![0; rows.div_ceil(ROWS) * panel];
        threads::for_chunks(&mut pairs, panel.max(1), x.len(), |i, pairs| {
            let x = &x[i * ROWS * inner..x.len().min((i + 1) * ROWS * inner)];
            lay_out(x, inner, pairs);
        });
        Self { pairs, rows, inner }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn inner(&self) -> usize {
        self.inner
    }

    pub(super) fn panels(&self) -> usize {
        self.rows.div_ceil(ROWS)
    }

    /// `count` pairs of every row of a panel, from `first` on.
    pub(super) fn panel(&self, index: usize, first: usize, count: usize) -> &[u32] {
        let panel = self.inner.div_ceil(2) * ROWS;
        &self.pairs[index * panel + first * ROWS..][..count * ROWS]
    }
}

/// Rounds up to twelve rows and writes the pairs of one place of all beside each other.
fn lay_out(x: &[f32], inner: usize, pairs: &mut [u32]) {
    let mut rounded = vec![bf16::ZERO; inner.next_multiple_of(2)];
    for (r, x) in x.chunks_exact(inner).enumerate() {
        vector::round(x, &mut rounded[..inner]);
        let places = pairs[r..].iter_mut().step_by(ROWS);
        places.zip(rounded.as_chunks::<2>().0).for_each(|(place, &[a, b])| *place = pair(a, b));
    }
}
