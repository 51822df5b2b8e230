//! Matrix products on strided views, through the `gemm` crate.

use super::threads;

/// A read-only matrix over a slice, element `(r, c)` at `r · row + c · col`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mat<'a> {
    data: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    row: usize,
    col: usize,
}

/// What happens to the values a product finds in its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Onto {
    /// They are overwritten.
    Replace,
    /// The product is added to them.
    Add,
}

/// Whether a product may use all threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threads {
    /// The caller already runs on one of many threads.
    One,
    /// All of them, when the product is large enough.
    All,
}

impl<'a> Mat<'a> {
    /// A dense row-major matrix.
    pub(crate) fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, [rows, cols], [cols, 1])
    }

    /// A matrix with explicit strides; every element must lie inside `data`.
    pub(crate) fn strided(data: &'a [f32], [rows, cols]: [usize; 2], [row, col]: [usize; 2]) -> Self {
        assert!(fits(data.len(), [rows, cols], [row, col]), "matrix {rows}x{cols} outside its buffer");
        Self { data, rows, cols, row, col }
    }

    /// The `len` rows from `first` on.
    pub(crate) fn slice_rows(self, first: usize, len: usize) -> Self {
        assert!(first <= self.rows && len <= self.rows - first, "rows {first}+{len} of {}", self.rows);
        let from = (first * self.row).min(self.data.len());
        Self { data: &self.data[from..], rows: len, ..self }
    }

    /// The transposed view.
    pub(crate) fn t(self) -> Self {
        Self { data: self.data, rows: self.cols, cols: self.rows, row: self.col, col: self.row }
    }
}

fn fits(len: usize, [rows, cols]: [usize; 2], [row, col]: [usize; 2]) -> bool {
    let Some((r, c)) = rows.checked_sub(1).zip(cols.checked_sub(1)) else { return true };
    let last = r.checked_mul(row).zip(c.checked_mul(col)).and_then(|(a, b)| a.checked_add(b));
    last.is_some_and(|last| last < len)
}

/// A destination matrix with contiguous rows, `stride` elements apart.
#[derive(Debug)]
pub(crate) struct MatMut<'a> {
    data: &'a mut [f32],
    stride: usize,
}

impl<'a> MatMut<'a> {
    /// Rows of `stride` elements each; a product may write fewer columns than that.
    pub(crate) fn new(data: &'a mut [f32], stride: usize) -> Self {
        Self { data, stride }
    }
}

/// Most rows or columns of a product that counts as narrow.
const NARROW: usize = 32;

/// `dst ← alpha · left · right`, added to what is there if `into` says so.
pub(crate) fn product(
    dst: MatMut<'_>,
    into: Onto,
    left: Mat<'_>,
    right: Mat<'_>,
    alpha: f32,
    threads: Threads,
) {
    let (m, n, k) = (left.rows, right.cols, left.cols);
    assert_eq!(k, right.rows, "inner dimensions of a product");
    assert!(n <= dst.stride.max(1) || m <= 1, "rows of the destination overlap");
    assert!(fits(dst.data.len(), [m, n], [dst.stride, 1]), "product outside its destination");
    if m == 0 || n == 0 {
        return;
    }
    // Shared between threads, a product of few rows or columns is slow: it is mostly copying.
    let discount = if m.min(n) <= NARROW { 8 } else { 1 };
    let work = m.saturating_mul(n).saturating_mul(k) / discount;
    let parallelism = if threads == Threads::All && threads::worth_sharing(work) {
        gemm::Parallelism::Rayon(0)
    } else {
        gemm::Parallelism::None
    };
    // SAFETY: `Mat` guarantees that both operands lie inside their slices, the checks above that the destination lies
    // inside its own, and the exclusive borrow that it overlaps neither operand.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst.data.as_mut_ptr(),
            1,
            dst.stride as isize,
            into == Onto::Add,
            left.data.as_ptr(),
            left.col as isize,
            left.row as isize,
            right.data.as_ptr(),
            right.col as isize,
            right.row as isize,
            1.0,
            alpha,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_reads_transposed_operands_and_adds_to_its_destination() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, 2.0, 1.0, 0.0, 3.0]);
        let mut out = [10.0; 4];
        let (left, right) = (Mat::new(&a, 2, 3), Mat::new(&b, 2, 3).t());
        product(MatMut::new(&mut out, 2), Onto::Add, left, right, 2.0, Threads::One);
        assert_eq!(out, [24.0, 30.0, 42.0, 54.0]);
    }

    #[test]
    fn a_product_over_no_terms_is_zero() {
        let mut out = [1.0; 2];
        product(
            MatMut::new(&mut out, 2),
            Onto::Replace,
            Mat::new(&[], 1, 0),
            Mat::new(&[], 0, 2),
            1.0,
            Threads::One,
        );
        assert_eq!(out, [0.0; 2]);
    }

    #[test]
    #[should_panic(expected = "outside its buffer")]
    fn a_view_outside_its_buffer_is_refused() {
        Mat::strided(&[0.0; 5], [2, 3], [3, 1]);
    }
}
