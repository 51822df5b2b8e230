//! The map itself.

use burn::tensor::{DType, Tensor};
use burn_flex::FlexTensor;

use super::PackedMatrix;
use super::unpack::{self, HostMatrix};
use crate::bridge::{self, Operation, dense, floats, sizes, tensor};
use crate::composed::{self, Composed};
use crate::kernel::matrix::{Mat, MatMut, Onto, Threads, product};
use crate::kernel::skinny::{self, Few};
use crate::kernel::tiles::in_tiles;
use crate::linear::{View, add_to_rows, bias_grad};

/// `Y = X Wᵀ + b` with a frozen weight in few bits.
///
/// The weight is unpacked a few rows at a time, forward and again backward, for `dX = dY W`: neither pass holds it whole,
/// and the tape holds its codes. For the few rows of decoding, each thread unpacks sixteen rows of the weight into its
/// cache and multiplies them there, so that what is read from memory are codes. On other devices than the CPU it is unpacked
/// whole, forward and again backward, and not kept between.
///
/// # Shapes
/// - `x`: `[rows, in]`, `weight`: `[out, in]`, `bias`: `[out]`
/// - result: `[rows, out]`
///
/// # Panics
/// When the sizes do not match.
pub fn quantized_linear(x: Tensor<2>, weight: &PackedMatrix, bias: Option<Tensor<1>>) -> Tensor<2> {
    let ([_, inner], [outer, expected]) = (x.dims(), weight.shape);
    assert_eq!(inner, expected, "quantized_linear: rows of {inner} values, weight [{outer}, {expected}]");
    if let Some(bias) = &bias {
        assert_eq!(bias.dims(), [outer], "quantized_linear: bias for a weight [{outer}, {expected}]");
    }
    let Some(host) = HostMatrix::of(weight) else { return unpacked(x, weight, bias) };
    let operation = QuantizedLinear { weight: host, shape: weight.shape };
    match bias {
        None => bridge::run(operation, [x.into_dispatch()])
            .map(Tensor::from_dispatch)
            .unwrap_or_else(|[x]| unpacked(Tensor::from_dispatch(x), weight, None)),
        Some(bias) => bridge::run(operation, [x.into_dispatch(), bias.into_dispatch()])
            .map(Tensor::from_dispatch)
            .unwrap_or_else(|[x, b]| {
                unpacked(Tensor::from_dispatch(x), weight, Some(Tensor::from_dispatch(b)))
            }),
    }
}

/// On a tape, with the weight unpacked in either pass; without one, in burn's own operations.
fn unpacked(x: Tensor<2>, weight: &PackedMatrix, bias: Option<Tensor<1>>) -> Tensor<2> {
    match composed::run(Unpacked(weight.clone()), [x]) {
        Ok(y) => bias.into_iter().fold(y, |y, bias| y + bias.unsqueeze()),
        Err([x]) => plain(x, weight, bias),
    }
}

/// `Y = X Wᵀ`
#[derive(Clone, Debug)]
struct Unpacked(PackedMatrix);

impl Composed<1> for Unpacked {
    /// The type of the rows.
    type Saved = DType;

    fn forward(&self, [x]: [Tensor<2>; 1]) -> (Tensor<2>, DType) {
        let dtype = x.dtype();
        (plain(x, &self.0, None), dtype)
    }

    fn backward(&self, dtype: DType, output_grad: Tensor<2>, [dx]: [bool; 1]) -> [Option<Tensor<2>>; 1] {
        [dx.then(|| output_grad.matmul(unpack::plain(&self.0).cast(dtype)))]
    }
}

/// [`quantized_linear`] in burn's own operations.
pub fn plain(x: Tensor<2>, weight: &PackedMatrix, bias: Option<Tensor<1>>) -> Tensor<2> {
    let dtype = x.dtype();
    crate::linear::plain(x, unpack::plain(weight).cast(dtype), bias)
}

#[derive(Clone, Debug)]
struct QuantizedLinear {
    weight: HostMatrix,
    shape: [usize; 2],
}

impl QuantizedLinear {
    /// Calls `f` with runs of the weight's rows: where each starts, and the rows.
    fn for_each_tile(&self, f: impl FnMut(usize, Mat<'_>)) {
        in_tiles(self.shape, |first, numbers| self.weight.rows(first, numbers), f);
    }

    fn forward(&self, x: &FlexTensor, bias: Option<&FlexTensor>) -> FlexTensor {
        let ([rows, inner], [outer, _]) = (sizes::<2>(x), self.shape);
        let mut y = vec![0.0; rows * outer];
        if rows <= skinny::MOST_ROWS {
            let (x, bias) = (dense(x.clone()), bias.cloned().map(dense));
            let bias = bias.as_ref().map(floats);
            let few = Few { x: floats(&x), bias, more: None, rows, inner, outer };
            let fill = |first: usize, numbers: &mut [f32]| self.weight.numbers(first * inner, numbers);
            few.with_made(&mut y, Threads::All, fill);
            return tensor(y, [rows, outer]);
        }
        let x = View::of(x.clone());
        self.for_each_tile(|first, weight| {
            let out = MatMut::new(&mut y[first..], outer);
            product(out, Onto::Replace, x.mat(), weight.t(), 1.0, Threads::All);
        });
        if let Some(bias) = bias {
            add_to_rows(&mut y, floats(&dense(bias.clone())));
        }
        tensor(y, [rows, outer])
    }

    /// `dX = dY W`
    fn input_grad(&self, output_grad: &FlexTensor) -> FlexTensor {
        let ([rows, _], [_, inner]) = (sizes::<2>(output_grad), self.shape);
        let dy = View::of(output_grad.clone());
        let mut dx = vec![0.0; rows * inner];
        self.for_each_tile(|first, weight| {
            let columns = dy.mat().t().slice_rows(first, weight.rows).t();
            product(MatMut::new(&mut dx, inner), Onto::Add, columns, weight, 1.0, Threads::All);
        });
        tensor(dx, [rows, inner])
    }
}

impl Operation<1> for QuantizedLinear {
    type Saved = ();

    fn record(&self, [x]: [FlexTensor; 1], _: [bool; 1]) -> (FlexTensor, ()) {
        (self.forward(&x, None), ())
    }

    fn backward(&self, (): (), output_grad: FlexTensor, [dx]: [bool; 1]) -> [Option<FlexTensor>; 1] {
        [dx.then(|| self.input_grad(&output_grad))]
    }
}

impl Operation<2> for QuantizedLinear {
    type Saved = ();

    fn record(&self, [x, bias]: [FlexTensor; 2], _: [bool; 2]) -> (FlexTensor, ()) {
        (self.forward(&x, Some(&bias)), ())
    }

    fn backward(&self, (): (), output_grad: FlexTensor, [dx, db]: [bool; 2]) -> [Option<FlexTensor>; 2] {
        [dx.then(|| self.input_grad(&output_grad)), db.then(|| bias_grad(&output_grad))]
    }
}
