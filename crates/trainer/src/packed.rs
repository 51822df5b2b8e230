//! Flat scores of packed tokens as padded rows, the shape in which losses are written.

use burn::tensor::{Int, Tensor, TensorData};
use rl_algos::{Grid, Mask};
use std::ops::Range;

/// Which part of a flat score belongs to which row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedRows(Vec<Range<usize>>);

impl PackedRows {
    /// Rows of these lengths, one after another.
    pub fn new(lengths: impl IntoIterator<Item = usize>) -> Self {
        let mut start = 0;
        let rows = lengths.into_iter().map(|length| {
            start += length;
            start - length..start
        });
        Self(rows.collect())
    }

    /// Every `step`-th row from `first` on.
    pub fn every(&self, first: usize, step: usize) -> Self {
        Self(self.0.iter().skip(first).step_by(step).cloned().collect())
    }

    /// Where each row's scores lie.
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.0
    }

    /// The tokens of every row, padded to the longest.
    pub fn mask(&self) -> Mask {
        Mask::new(Grid::from_fn([self.0.len(), self.width()], |row, t| t < self.0[row].len()))
    }

    /// Flat scores `[N]` as `[rows, width]`; padding repeats the first score and is masked. Differentiable.
    pub fn grid(&self, flat: Tensor<1>) -> Tensor<2> {
        let shape = [self.0.len(), self.width()];
        if self.0.iter().all(|row| row.len() == shape[1]) && self.is_whole(flat.dims()[0]) {
            return flat.reshape(shape);
        }
        let index: Vec<i64> = self
            .0
            .iter()
            .flat_map(|row| (0..shape[1]).map(|t| if t < row.len() { (row.start + t) as i64 } else { 0 }))
            .collect();
        let index =
            Tensor::<1, Int>::from_data(TensorData::new(index, [shape[0] * shape[1]]), &flat.device());
        flat.select(0, index).reshape(shape)
    }

    fn width(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).max().unwrap_or(0)
    }

    /// Whether the rows follow one another from the first score to the last.
    fn is_whole(&self, scores: usize) -> bool {
        let mut end = 0;
        self.0.iter().all(|row| std::mem::replace(&mut end, row.end) == row.start) && end == scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn rows_keep_their_scores_and_padding_is_masked() {
        let rows = PackedRows::new([2, 0, 3]);
        let flat = Tensor::<1>::from_data([1.0, 2.0, 3.0, 4.0, 5.0], &Device::flex());
        let grid = rows.grid(flat.clone()).into_data().iter::<f32>().collect::<Vec<_>>();
        assert_eq!(grid, [1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 3.0, 4.0, 5.0]);
        assert_eq!(rows.mask().counts(), [2, 0, 3]);
        let last = rows.every(2, 3).grid(flat).into_data().iter::<f32>().collect::<Vec<_>>();
        assert_eq!(last, [3.0, 4.0, 5.0]);
    }
}
