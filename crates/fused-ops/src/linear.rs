//! Affine maps: `Y = X Wᵀ + b`.

use burn::tensor::{DType, Tensor};
use burn_flex::FlexTensor;

use crate::bridge::{self, Operation, dense, floats, sizes, tensor};
use crate::kernel::matrix::{Mat, MatMut, Onto, Threads, product};
use crate::kernel::pairs::Summed;
use crate::kernel::skinny::{self, Few};
use crate::kernel::threads;
use crate::stored::{self, Numbers};
use crate::{Arithmetic, Weight};

/// Applies a linear layer to every row: `Y = X Wᵀ + b`.
///
/// A frozen weight may be in bfloat16 beside rows of `f32`: its numbers are read in place, and everything is computed in
/// 32 bits, or as its [`Arithmetic`](crate::Arithmetic) says.
///
/// The gradient is `dX = dY W`, and `dW = dYᵀ X`, `db = Σ dY` only where the weight or the bias is tracked: a frozen
/// layer costs one product backward and keeps nothing of its input alive.
///
/// # Shapes
/// - `x`: `[rows, in]`
/// - `weight`: `[out, in]`, the layout of Hugging Face checkpoints
/// - `bias`: `[out]`
/// - result: `[rows, out]`
///
/// # Panics
/// When the sizes do not match.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let x = Tensor::<2>::from_data([[1.0, 2.0]], &device);
/// let weight = Tensor::<2>::from_data([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], &device);
/// let y = fused_ops::linear(x, weight, None);
/// assert_eq!(y.into_data().try_to_vec::<f32>().unwrap(), [11.0, 17.0, 23.0]);
/// ```
pub fn linear(x: Tensor<2>, weight: impl Into<Weight>, bias: Option<Tensor<1>>) -> Tensor<2> {
    let Weight { numbers, arithmetic } = weight.into();
    check(&x, &numbers, bias.as_ref());
    let (operation, x, w) = (Linear { arithmetic }, x.into_dispatch(), numbers.into_dispatch());
    let weight = |w| Weight { numbers: Tensor::from_dispatch(w), arithmetic };
    match bias {
        None => bridge::run(operation, [x, w])
            .map(Tensor::from_dispatch)
            .unwrap_or_else(|[x, w]| plain(Tensor::from_dispatch(x), weight(w), None)),
        Some(bias) => {
            bridge::run(operation, [x, w, bias.into_dispatch()]).map(Tensor::from_dispatch).unwrap_or_else(
                |[x, w, b]| plain(Tensor::from_dispatch(x), weight(w), Some(Tensor::from_dispatch(b))),
            )
        }
    }
}

/// Element types of a linear map's inputs: `f32`, but for its weight.
pub(crate) fn takes(index: usize, dtype: DType) -> bool {
    dtype == DType::F32 || index == 1 && stored::takes(dtype)
}

pub(crate) fn check(x: &Tensor<2>, weight: &Tensor<2>, bias: Option<&Tensor<1>>) {
    let ([_, inner], [outer, expected]) = (x.dims(), weight.dims());
    assert_eq!(inner, expected, "linear: rows of {inner} values, weight [{outer}, {expected}]");
    if let Some(bias) = bias {
        assert_eq!(bias.dims(), [outer], "linear: bias for a weight [{outer}, {expected}]");
    }
}

/// [`linear`] in burn's own operations.
pub fn plain(x: Tensor<2>, weight: impl Into<Weight>, bias: Option<Tensor<1>>) -> Tensor<2> {
    let (Weight { numbers, arithmetic }, dtype) = (weight.into(), x.dtype());
    let is_mixed = arithmetic == Arithmetic::Mixed && numbers.dtype() == DType::BF16;
    let x = if is_mixed { x.cast(DType::BF16).cast(dtype) } else { x };
    let y = x.matmul(numbers.cast(dtype).transpose());
    match bias {
        Some(bias) => y + bias.unsqueeze(),
        None => y,
    }
}

/// `Y = X Wᵀ + b` on CPU tensors of any strides.
pub(crate) fn forward(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: Option<&FlexTensor>,
    arithmetic: Arithmetic,
) -> Vec<f32> {
    let ([rows, inner], [outer, _]) = (sizes(x), sizes(weight));
    let bias = bias.cloned().map(dense);
    let bias = bias.as_ref().map(floats);
    if let Some(weight) = Numbers::of(weight, arithmetic).filter(|_| rows <= skinny::MOST_ROWS) {
        let (x, mut y) = (dense(x.clone()), vec![0.0; rows * outer]);
        weight.product(Few { x: floats(&x), bias, more: None, rows, inner, outer }, &mut y, Threads::All);
        return y;
    }
    let mut y = stored::many(&View::of(x.clone()), weight, Summed::Columns, arithmetic);
    if let Some(bias) = bias {
        add_to_rows(&mut y, bias);
    }
    y
}

/// A CPU matrix that a product can read in place: any positive strides.
pub(crate) struct View(FlexTensor);

impl View {
    /// Views `tensor`; only reversed dimensions force a copy.
    pub(crate) fn of(tensor: FlexTensor) -> Self {
        Self(if tensor.layout().strides().iter().all(|&s| s >= 0) { tensor } else { tensor.to_contiguous() })
    }

    /// What is viewed.
    pub(crate) fn tensor(&self) -> &FlexTensor {
        &self.0
    }

    /// The matrix.
    pub(crate) fn mat(&self) -> Mat<'_> {
        let layout = self.0.layout();
        let [rows, cols] = sizes(&self.0);
        let strides = [layout.strides()[0].unsigned_abs(), layout.strides()[1].unsigned_abs()];
        if rows == 0 || cols == 0 {
            return Mat::new(&[], rows, cols);
        }
        Mat::strided(&self.0.storage::<f32>()[layout.start_offset()..], [rows, cols], strides)
    }
}

/// Shape of `X Wᵀ`.
pub(crate) fn shape(x: &FlexTensor, weight: &FlexTensor) -> [usize; 2] {
    let ([rows, _], [outer, _]) = (sizes(x), sizes(weight));
    [rows, outer]
}

pub(crate) fn add_to_rows(y: &mut [f32], bias: &[f32]) {
    let work = y.len();
    threads::for_row_blocks(y, bias.len(), work, |_, block| {
        for row in block.chunks_exact_mut(bias.len().max(1)) {
            row.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
        }
    });
}

/// `dY W`
pub(crate) fn input_grad(output_grad: &View, weight: &FlexTensor, arithmetic: Arithmetic) -> FlexTensor {
    let ([_, inner], rows) = (sizes(weight), output_grad.mat().rows);
    tensor(stored::many(output_grad, weight, Summed::Rows, arithmetic), [rows, inner])
}

/// The product of two matrices as a new tensor.
pub(crate) fn multiply(left: Mat<'_>, right: Mat<'_>) -> FlexTensor {
    let mut out = vec![0.0; left.rows * right.cols];
    product(MatMut::new(&mut out, right.cols), Onto::Replace, left, right, 1.0, Threads::All);
    tensor(out, [left.rows, right.cols])
}

/// `Σ` over rows of `dY`
pub(crate) fn bias_grad(output_grad: &FlexTensor) -> FlexTensor {
    let dense = dense(output_grad.clone());
    let [_, width] = sizes(&dense);
    let mut sums = vec![0.0; width];
    for row in floats(&dense).chunks_exact(width.max(1)) {
        sums.iter_mut().zip(row).for_each(|(s, d)| *s += d);
    }
    tensor(sums, [width])
}

#[derive(Clone, Debug)]
struct Linear {
    arithmetic: Arithmetic,
}

/// The input is kept for the weight's gradient, the weight for the input's.
#[derive(Clone, Debug)]
struct Saved {
    x: Option<FlexTensor>,
    weight: Option<FlexTensor>,
}

impl Saved {
    fn new(x: &FlexTensor, weight: &FlexTensor, [x_wanted, weight_wanted]: [bool; 2]) -> Self {
        assert!(!weight_wanted || weight.dtype() == DType::F32, "linear: a weight in 16 bits is frozen");
        Self { x: weight_wanted.then(|| x.clone()), weight: x_wanted.then(|| weight.clone()) }
    }

    fn grads(self, output_grad: FlexTensor, arithmetic: Arithmetic) -> [Option<FlexTensor>; 2] {
        let output_grad = View::of(output_grad);
        let dx = self.weight.map(|weight| input_grad(&output_grad, &weight, arithmetic));
        let dw = self.x.map(|x| multiply(output_grad.mat().t(), View::of(x).mat()));
        [dx, dw]
    }
}

impl Operation<2> for Linear {
    type Saved = Saved;

    fn takes(index: usize, dtype: DType) -> bool {
        takes(index, dtype)
    }

    fn record(&self, [x, weight]: [FlexTensor; 2], wanted: [bool; 2]) -> (FlexTensor, Saved) {
        let saved = Saved::new(&x, &weight, wanted);
        (tensor(forward(&x, &weight, None, self.arithmetic), shape(&x, &weight)), saved)
    }

    fn backward(&self, saved: Saved, output_grad: FlexTensor, _: [bool; 2]) -> [Option<FlexTensor>; 2] {
        saved.grads(output_grad, self.arithmetic)
    }
}

impl Operation<3> for Linear {
    type Saved = Saved;

    fn takes(index: usize, dtype: DType) -> bool {
        takes(index, dtype)
    }

    fn record(&self, [x, weight, bias]: [FlexTensor; 3], [dx, dw, _]: [bool; 3]) -> (FlexTensor, Saved) {
        let saved = Saved::new(&x, &weight, [dx, dw]);
        (tensor(forward(&x, &weight, Some(&bias), self.arithmetic), shape(&x, &weight)), saved)
    }

    fn backward(&self, saved: Saved, output_grad: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let db = wanted[2].then(|| bias_grad(&output_grad));
        let [dx, dw] = saved.grads(output_grad, self.arithmetic);
        [dx, dw, db]
    }
}
