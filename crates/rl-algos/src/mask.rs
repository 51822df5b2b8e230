//! Which tokens count: the loss mask, its totals, and its copy on a device.

use std::iter::Sum;
use std::ops::Add;

use burn::tensor::{Bool, Device, Tensor, TensorData};

use crate::error::{AlgoError, same_shape};
use crate::grid::Grid;

/// The loss mask m of a padded batch, with the counts that denominators are made of.
///
/// A token counts when the policy wrote it: padding, tool output and forced tokens do not. Rows may have holes
/// and may be empty. Whatever stands at a masked position, even NaN, never reaches a result.
///
/// | symbol | meaning |
/// |---|---|
/// | m | 1 where a token counts, else 0 |
/// | nᵢ | number of counting tokens of row i, Σₜ m |
/// | N | number of counting tokens, Σᵢ nᵢ |
///
/// ```
/// use rl_algos::Mask;
/// let mask = Mask::from_lengths(&[3, 0, 1], 3)?;
/// assert_eq!(mask.counts(), [3, 0, 1]);
/// assert_eq!((mask.totals().tokens, mask.totals().nonempty_rows), (4, 2));
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Mask {
    keep: Grid<bool>,
    counts: Vec<usize>,
}

impl Mask {
    /// Takes one flag per token.
    pub fn new(keep: Grid<bool>) -> Self {
        let counts = keep.rows().map(|row| row.iter().filter(|kept| **kept).count()).collect();
        Self { keep, counts }
    }

    /// Keeps the first `lengths[i]` tokens of row i, in rows padded to `width`.
    pub fn from_lengths(lengths: &[usize], width: usize) -> Result<Self, AlgoError> {
        match lengths.iter().position(|length| *length > width) {
            Some(row) => Err(AlgoError::Ragged { row, found: lengths[row], expected: width }),
            None => Ok(Self::new(Grid::from_fn([lengths.len(), width], |row, t| t < lengths[row]))),
        }
    }

    /// Rows whose padding may look like text: a token counts up to and including the first of the `ends`.
    ///
    /// mₜ = 1 ⟺ no token before t is an end
    ///
    /// ```
    /// use rl_algos::{Grid, Mask};
    /// let ids = Grid::from_rows(vec![vec![5, 2, 2], vec![5, 6, 7]])?;
    /// assert_eq!(Mask::through_end(&ids, &[2]).counts(), [2, 3]);
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub fn through_end(ids_bt: &Grid<u32>, ends: &[u32]) -> Self {
        let length =
            |row: &[u32]| row.iter().position(|id| ends.contains(id)).map_or(row.len(), |end| end + 1);
        let lengths: Vec<usize> = ids_bt.rows().map(length).collect();
        Self::new(Grid::from_fn(ids_bt.shape(), |row, t| t < lengths[row]))
    }

    /// Rows and padded width.
    pub const fn shape(&self) -> [usize; 2] {
        self.keep.shape()
    }

    /// The flags of one row.
    pub fn row(&self, row: usize) -> &[bool] {
        self.keep.row(row)
    }

    /// nᵢ for every row.
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// The three numbers a denominator needs; add them over micro-batches and ranks.
    pub fn totals(&self) -> Totals {
        Totals {
            rows: self.counts.len(),
            nonempty_rows: self.counts.iter().filter(|count| **count > 0).count(),
            tokens: self.counts.iter().sum(),
        }
    }

    /// Keeps only tokens that `also` keeps too, as rejection sampling does.
    pub fn and(&self, also: &Grid<bool>) -> Result<Self, AlgoError> {
        same_shape("second mask", also.shape(), self.shape())?;
        Ok(Self::new(Grid::from_fn(self.shape(), |row, t| self.row(row)[t] && also.row(row)[t])))
    }

    /// Empties the rows whose flag is set, as TRL's `mask_truncated_completions` does. The rows stay in the
    /// batch: their rewards still count in the statistics of their group.
    ///
    /// ```
    /// use rl_algos::Mask;
    /// let mask = Mask::from_lengths(&[2, 2], 2)?.without_rows(&[true, false])?;
    /// assert_eq!(mask.counts(), [0, 2]);
    /// assert_eq!(mask.totals().rows, 2);
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub fn without_rows(&self, dropped: &[bool]) -> Result<Self, AlgoError> {
        crate::error::same_length("dropped rows", dropped.len(), self.shape()[0])?;
        Ok(Self::new(Grid::from_fn(self.shape(), |row, t| self.row(row)[t] && !dropped[row])))
    }

    /// The copy that tensor functions work with.
    pub fn to_device(&self, device: &Device) -> DeviceMask {
        let drop = self.keep.cells().iter().map(|kept| !kept).collect::<Vec<_>>();
        let drop_bt = Tensor::from_data(TensorData::new(drop, self.shape()), device);
        DeviceMask { host: self.clone(), drop_bt }
    }

    /// The values of one row that count, in order.
    pub(crate) fn kept<'a>(&'a self, values: &'a Grid<f64>, row: usize) -> impl Iterator<Item = f64> + 'a {
        self.row(row).iter().zip(values.row(row)).filter(|(kept, _)| **kept).map(|(_, value)| *value)
    }

    /// Σₜ m·v of one row.
    pub(crate) fn row_sum(&self, values: &Grid<f64>, row: usize) -> f64 {
        self.kept(values, row).sum()
    }

    /// Σₜ m·v / nᵢ of one row; 0 for an empty one.
    pub(crate) fn row_mean(&self, values: &Grid<f64>, row: usize) -> f64 {
        self.row_sum(values, row) / self.counts[row].max(1) as f64
    }

    /// All values that count, row after row.
    pub fn all_kept<'a>(&'a self, values: &'a Grid<f64>) -> impl Iterator<Item = f64> + 'a {
        (0..self.shape()[0]).flat_map(move |row| self.kept(values, row))
    }

    /// Computes a value for every token that counts; 0 elsewhere.
    pub fn fill(&self, mut value: impl FnMut(usize, usize) -> f64) -> Grid<f64> {
        Grid::from_fn(self.shape(), |row, t| if self.row(row)[t] { value(row, t) } else { 0.0 })
    }
}

/// Rows, rows with at least one token, and tokens: all that any denominator is made of.
///
/// ```
/// use rl_algos::{Mask, Totals};
/// let micro = [Mask::from_lengths(&[2], 2)?, Mask::from_lengths(&[0], 2)?];
/// let global: Totals = micro.iter().map(Mask::totals).sum();
/// assert_eq!(global, Totals { rows: 2, nonempty_rows: 1, tokens: 2 });
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Number of rows, empty ones included.
    pub rows: usize,
    /// Number of rows with a counting token.
    pub nonempty_rows: usize,
    /// Number of counting tokens.
    pub tokens: usize,
}

impl Add for Totals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            nonempty_rows: self.nonempty_rows + other.nonempty_rows,
            tokens: self.tokens + other.tokens,
        }
    }
}

impl Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(totals: I) -> Self {
        totals.fold(Self::default(), Add::add)
    }
}

/// A [`Mask`] on a device, uploaded once for all the losses of a batch.
#[derive(Debug, Clone)]
pub struct DeviceMask {
    host: Mask,
    drop_bt: Tensor<2, Bool>,
}

impl DeviceMask {
    /// The mask it was made from.
    pub const fn host(&self) -> &Mask {
        &self.host
    }

    /// The values that count, 0 elsewhere. Selection, not multiplication: NaN at a masked position disappears
    /// from the value and from the gradient.
    pub fn select(&self, values_bt: Tensor<2>) -> Tensor<2> {
        values_bt.mask_fill(self.drop_bt.clone(), 0.0)
    }

    /// Σₜ m·v per row, as `[B, 1]`.
    pub fn row_sum(&self, values_bt: Tensor<2>) -> Tensor<2> {
        self.select(values_bt).sum_dim(1)
    }

    /// Σₜ m·v / max(nᵢ, 1) per row, as `[B, 1]`.
    pub fn row_mean(&self, values_bt: Tensor<2>) -> Tensor<2> {
        let counts_b1 = self.column(&values_bt, |count| count.max(1) as f64);
        self.row_sum(values_bt) / counts_b1
    }

    /// A constant per row computed from nᵢ, beside `like`.
    pub(crate) fn column(&self, like: &Tensor<2>, value: impl Fn(usize) -> f64) -> Tensor<2> {
        Grid::from_fn([self.host.shape()[0], 1], |row, _| value(self.host.counts[row])).beside(like)
    }
}
