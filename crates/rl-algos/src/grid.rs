//! A rectangle of host values: one row per completion, one column per token position.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::error::AlgoError;

/// Row-major values of B rows and T columns.
///
/// ```
/// use rl_algos::Grid;
/// let grid = Grid::from_rows(vec![vec![1.0, 2.0], vec![3.0, 4.0]])?;
/// assert_eq!(grid.row(1), [3.0, 4.0]);
/// assert!(Grid::from_rows(vec![vec![1.0], vec![]]).is_err());
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Grid<T> {
    cells: Vec<T>,
    shape: [usize; 2],
}

impl<T> Grid<T> {
    /// Takes rows of one width; unequal widths are an error.
    pub fn from_rows(rows: Vec<Vec<T>>) -> Result<Self, AlgoError> {
        let shape = [rows.len(), rows.first().map_or(0, Vec::len)];
        match rows.iter().position(|row| row.len() != shape[1]) {
            Some(row) => Err(AlgoError::Ragged { row, found: rows[row].len(), expected: shape[1] }),
            None => Ok(Self { cells: rows.into_iter().flatten().collect(), shape }),
        }
    }

    /// Takes cells in row-major order.
    pub fn from_cells(cells: Vec<T>, shape: [usize; 2]) -> Result<Self, AlgoError> {
        crate::error::same_length("grid cells", cells.len(), shape[0].saturating_mul(shape[1]))?;
        Ok(Self { cells, shape })
    }

    /// Computes every cell from its row and column.
    pub fn from_fn(shape: [usize; 2], mut cell: impl FnMut(usize, usize) -> T) -> Self {
        let cells = (0..shape[0] * shape[1]).map(|at| cell(at / shape[1], at % shape[1])).collect();
        Self { cells, shape }
    }

    /// Rows and columns.
    pub const fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// One row.
    ///
    /// # Panics
    /// When `row` is not below the number of rows, as slices do.
    pub fn row(&self, row: usize) -> &[T] {
        &self.cells[row * self.shape[1]..(row + 1) * self.shape[1]]
    }

    /// One row, to be changed.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [T] {
        &mut self.cells[row * self.shape[1]..(row + 1) * self.shape[1]]
    }

    /// All rows in order.
    pub fn rows(&self) -> impl Iterator<Item = &[T]> {
        (0..self.shape[0]).map(|row| self.row(row))
    }

    /// All cells, row after row.
    pub fn cells(&self) -> &[T] {
        &self.cells
    }
}

impl Grid<f64> {
    /// Copies a tensor to the host, widened to f64.
    ///
    /// ```
    /// use burn::tensor::{DType, Device};
    /// use rl_algos::Grid;
    /// let grid = Grid::from_rows(vec![vec![0.5, -1.0]])?;
    /// let tensor_bt = grid.to_tensor(&Device::default(), DType::F32);
    /// assert_eq!(Grid::from_tensor("example", tensor_bt)?, grid);
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub fn from_tensor(what: &'static str, tensor_bt: Tensor<2>) -> Result<Self, AlgoError> {
        let shape = tensor_bt.dims();
        let failed = |reason: String| AlgoError::DeviceRead { what, reason };
        let data = tensor_bt.try_into_data_as::<f64>().map_err(|e| failed(format!("{e:?}")))?;
        let cells = data.try_to_vec::<f64>().map_err(|e| failed(format!("{e:?}")))?;
        Ok(Self { cells, shape })
    }

    /// The same numbers as a constant tensor.
    pub fn to_tensor(&self, device: &Device, dtype: DType) -> Tensor<2> {
        Tensor::from_data(TensorData::new(self.cells.clone(), self.shape), (device, dtype))
    }

    /// The same numbers beside `like`: its device and its element type.
    pub(crate) fn beside(&self, like: &Tensor<2>) -> Tensor<2> {
        self.to_tensor(&like.device(), like.dtype())
    }
}
