//! A frozen weight as a file holds it: in 32 bits, or in bfloat16, which is read in place.

use burn::tensor::DType;
use burn_flex::FlexTensor;
use half::bf16;

use crate::Arithmetic;
use crate::bridge::{dense, floats, sizes, tensor};
use crate::kernel::matrix::{Mat, MatMut, Onto, Threads, product};
use crate::kernel::pairs::{self, Left, Right, Summed};
use crate::kernel::skinny::Few;
use crate::kernel::tiles::in_tiles;
use crate::kernel::{threads, vector};
use crate::linear::View;

/// Element types of a frozen weight beside rows of `f32`.
pub(crate) fn takes(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::BF16)
}

/// The numbers of a dense weight, in place.
#[derive(Clone, Copy)]
pub(crate) enum Numbers<'a> {
    Whole(&'a [f32]),
    Half(&'a [bf16], Arithmetic),
}

impl<'a> Numbers<'a> {
    /// Those of a weight whose rows follow each other.
    pub(crate) fn of(weight: &'a FlexTensor, arithmetic: Arithmetic) -> Option<Self> {
        match weight.dtype() {
            DType::F32 => weight.as_slice().map(Self::Whole),
            _ => weight.as_slice().map(|numbers| Self::Half(numbers, arithmetic)),
        }
    }

    /// `Y = X Wᵀ + b + X₂ W₂ᵀ` for few rows, with these numbers as `W`.
    pub(crate) fn product(self, few: Few<'_>, out: &mut [f32], threads: Threads) {
        match self {
            Self::Whole(weight) => few.with(weight).run(out, threads),
            Self::Half(weight, Arithmetic::Full) => few.with(weight).run(out, threads),
            Self::Half(weight, Arithmetic::Mixed) => {
                let mut x = vec![bf16::ZERO; few.x.len()];
                vector::round(few.x, &mut x);
                few.mixed(&x, weight).run(out, threads);
            }
        }
    }
}

/// `X Wᵀ` or `X W` for many rows.
pub(crate) fn many(x: &View, weight: &FlexTensor, summed: Summed, arithmetic: Arithmetic) -> Vec<f32> {
    let [outer, inner] = sizes(weight);
    let (rows, columns) = (x.mat().rows, if summed == Summed::Columns { outer } else { inner });
    let mut y = vec![0.0; rows * columns];
    if rows == 0 {
        return y;
    }
    if weight.dtype() == DType::BF16 && arithmetic == Arithmetic::Mixed {
        mixed(x, weight, summed, &mut y);
        return y;
    }
    let x = x.mat();
    for_each_tile(weight, |first, weight| match summed {
        Summed::Columns => {
            let out = MatMut::new(&mut y[first..], columns);
            product(out, Onto::Replace, x, weight.t(), 1.0, Threads::All);
        }
        Summed::Rows => {
            let into = if first == 0 { Onto::Replace } else { Onto::Add };
            let x = x.t().slice_rows(first, weight.rows).t();
            product(MatMut::new(&mut y, columns), into, x, weight, 1.0, Threads::All);
        }
    });
    y
}

/// The same with both factors in bfloat16.
fn mixed(x: &View, weight: &FlexTensor, summed: Summed, y: &mut [f32]) {
    let (x, weight) = (dense(x.tensor().clone()), dense(weight.clone()));
    let [rows, inner] = sizes(&x);
    if pairs::are_fast() {
        let left = Left::rounded(floats(&x), rows, inner);
        return pairs::product(y, &left, Right::new(halves(&weight), sizes(&weight), summed));
    }
    let mut rounded = vec![bf16::ZERO; rows * inner];
    vector::round(floats(&x), &mut rounded);
    let mut whole = vec![0.0; rows * inner];
    vector::widen(&rounded, &mut whole);
    let rounded = View::of(tensor(whole, [rows, inner]));
    y.copy_from_slice(&many(&rounded, &weight, summed, Arithmetic::Full));
}

/// Calls `f` with runs of a matrix's rows in 32 bits: where each starts, and the rows. A matrix in 32 bits is one run.
pub(crate) fn for_each_tile(weight: &FlexTensor, mut f: impl FnMut(usize, Mat<'_>)) {
    if weight.dtype() == DType::F32 {
        return f(0, View::of(weight.clone()).mat());
    }
    let weight = dense(weight.clone());
    let (half, [rows, columns]) = (halves(&weight), sizes(&weight));
    in_tiles([rows, columns], |first, numbers| widen(&half[first * columns..], numbers, columns), f);
}

/// A copy of the numbers of a matrix in 32 bits, row by row.
pub(crate) fn copied(weight: &FlexTensor) -> Vec<f32> {
    let weight = dense(weight.clone());
    if weight.dtype() == DType::F32 {
        return floats(&weight).to_vec();
    }
    let (half, [_, columns]) = (halves(&weight), sizes(&weight));
    let mut numbers = vec![0.0; half.len()];
    widen(half, &mut numbers, columns);
    numbers
}

/// The numbers of a dense matrix in bfloat16.
fn halves(weight: &FlexTensor) -> &[bf16] {
    weight.as_slice().expect("weights are f32 or bfloat16, and made dense before they are read")
}

/// Writes as many numbers as `out` holds, rows of `columns`.
fn widen(half: &[bf16], out: &mut [f32], columns: usize) {
    let work = out.len();
    threads::for_row_blocks(out, columns, work, |row, block| {
        vector::widen(&half[row * columns..][..block.len()], block);
    });
}
