//! The factor whose numbers lie in memory as a file has them.

use half::bf16;

use super::{COLUMNS, pair};

/// Which index of a weight `[rows, columns]` a product sums over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Summed {
    /// `X Wᵀ`
    Columns,
    /// `X W`
    Rows,
}

/// A dense weight and the side of it that is summed over.
#[derive(Clone, Copy)]
pub(crate) struct Right<'a> {
    numbers: &'a [bf16],
    rows: usize,
    stride: usize,
    summed: Summed,
}

impl<'a> Right<'a> {
    pub(crate) fn new(numbers: &'a [bf16], [rows, columns]: [usize; 2], summed: Summed) -> Self {
        assert_eq!(numbers.len(), rows * columns, "weight");
        Self { numbers, rows, stride: columns, summed }
    }

    pub(super) fn inner(&self) -> usize {
        if self.summed == Summed::Columns { self.stride } else { self.rows }
    }

    /// Columns of the result.
    pub(super) fn columns(&self) -> usize {
        if self.summed == Summed::Columns { self.rows } else { self.stride }
    }

    /// Lays out the pairs `first..` of 32 columns of the result, as many as there is room for: those of one place of all
    /// columns follow each other. What is missing of a pair or of the columns is zero.
    pub(super) fn lay_out(&self, column: usize, first: usize, pairs: &mut [u32]) {
        let columns = COLUMNS.min(self.columns() - column);
        if columns < COLUMNS {
            pairs.fill(0);
        }
        match self.summed {
            Summed::Columns => self.lay_out_rows(column, columns, first, pairs),
            Summed::Rows => self.lay_out_columns(column, columns, first, pairs),
        }
    }

    /// A row of the weight is a column of the result.
    fn lay_out_rows(&self, column: usize, columns: usize, first: usize, pairs: &mut [u32]) {
        for i in 0..columns {
            let row = &self.numbers[(column + i) * self.stride..][..self.stride];
            let places = pairs[i..].iter_mut().step_by(COLUMNS);
            let (whole, rest) = row[2 * first..].as_chunks::<2>();
            let ends = rest.iter().map(|&last| pair(last, bf16::ZERO));
            places
                .zip(whole.iter().map(|&[a, b]| pair(a, b)).chain(ends))
                .for_each(|(place, pair)| *place = pair);
        }
    }

    /// Two rows of the weight are the pairs of all columns.
    fn lay_out_columns(&self, column: usize, columns: usize, first: usize, pairs: &mut [u32]) {
        let row = |i: usize| self.numbers[i * self.stride..].get(column..column + columns);
        for (i, places) in pairs.chunks_exact_mut(COLUMNS).enumerate() {
            let at = 2 * (first + i);
            let upper = row(at).expect("pairs end with the rows of the weight");
            match (at + 1 < self.rows).then(|| row(at + 1)).flatten() {
                Some(lower) => {
                    places.iter_mut().zip(upper.iter().zip(lower)).for_each(|(p, (&a, &b))| *p = pair(a, b));
                }
                None => places.iter_mut().zip(upper).for_each(|(p, &a)| *p = pair(a, bf16::ZERO)),
            }
        }
    }
}
