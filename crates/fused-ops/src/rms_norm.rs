//! Root-mean-square normalisation.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::bridge::{self, Operation, dense, floats, sizes, tensor};
use crate::composed::{self, Composed};
use crate::kernel::shared::Shared;
use crate::kernel::simd::{Simd, dispatch};
use crate::kernel::skinny;
use crate::kernel::threads;
use crate::kernel::vector::dot_body;
use crate::widen::{assert_wide, narrow, widen};

/// Normalises every row by its root mean square: `y = x r w`, `r = 1 / √(mean(x²) + ε)` (Zhang & Sennrich 2019,
/// arXiv 1910.07467).
///
/// 16-bit floats are normalised and weighted in `f32` and rounded once (transformers rounds before the weight, too).
/// With `h = dy · w` the gradients are `dx = r (h - x r² mean(h x))` and `dw = Σ dy x r` over rows.
///
/// # Shapes
/// - `x` and the result: `[rows, width]`
/// - `weight`: `[width]`
///
/// # Panics
/// When the sizes do not match.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let x = Tensor::<2>::from_data([[3.0, -3.0]], &device);
/// let weight = Tensor::<1>::from_data([1.0, 2.0], &device);
/// assert_eq!(fused_ops::rms_norm(x, weight, 0.0).into_data().try_to_vec::<f32>().unwrap(), [1.0, -2.0]);
/// ```
pub fn rms_norm(x: Tensor<2>, weight: Tensor<1>, eps: f64) -> Tensor<2> {
    assert_eq!(x.dims()[1], weight.dims()[0], "rms_norm: rows of x and weight differ in width");
    bridge::run(RmsNorm { eps }, [x.into_dispatch(), weight.into_dispatch()])
        .map(Tensor::from_dispatch)
        .unwrap_or_else(|[x, weight]| {
            on_a_device(RmsNorm { eps }, Tensor::from_dispatch(x), Tensor::from_dispatch(weight))
        })
}

/// With a backward pass of ours where a tape is kept.
fn on_a_device(operation: RmsNorm, x: Tensor<2>, weight: Tensor<1>) -> Tensor<2> {
    let eps = operation.eps;
    composed::run(operation, [x, weight.unsqueeze()])
        .unwrap_or_else(|[x, weight]| plain(x, weight.squeeze_dim(0), eps))
}

/// [`rms_norm`] in burn's own operations.
pub fn plain(x: Tensor<2>, weight: Tensor<1>, eps: f64) -> Tensor<2> {
    let dtype = x.dtype();
    let x = widen(x);
    assert_wide(&x);
    let r = inverse(&x, eps);
    narrow(x * r * widen(weight).unsqueeze(), dtype)
}

#[derive(Clone, Debug)]
struct RmsNorm {
    eps: f64,
}

#[derive(Clone, Debug)]
struct Saved {
    x: FlexTensor,
    weight: FlexTensor,
    /// `r` of every row.
    inverse: FlexTensor,
}

impl Operation<2> for RmsNorm {
    type Saved = Saved;

    fn record(&self, inputs: [FlexTensor; 2], _: [bool; 2]) -> (FlexTensor, Saved) {
        let [x, weight] = inputs.map(dense);
        let [rows, width] = sizes(&x);
        let (mut y, mut inverse) = (vec![0.0; rows * width], vec![0.0; rows]);
        let (values, w, eps) = (floats(&x), floats(&weight), self.eps as f32);
        let inverses = Shared::new(&mut inverse);
        threads::for_row_blocks(&mut y, width, rows * width * 4, |first, block| {
            // SAFETY: row blocks are disjoint, and each is handed out once.
            let inverse = unsafe { inverses.part(first, block.len() / width.max(1)) };
            let from = first * width;
            forward(Rows { x: &values[from..from + block.len()], w, eps }, block, inverse);
        });
        let shape = x.layout().shape().clone();
        (tensor(y, shape), Saved { x, weight, inverse: tensor(inverse, [rows]) })
    }

    fn backward(&self, saved: Saved, output_grad: FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let dy = dense(output_grad);
        [wanted[0].then(|| input_grad(&saved, &dy)), wanted[1].then(|| weight_grad(&saved, &dy))]
    }
}

/// On any device, in `f32`, with the weight as a matrix of one row: burn's tape would keep a copy of `x` in `f32`.
impl Composed<2> for RmsNorm {
    type Saved = [Tensor<2>; 2];

    fn forward(&self, inputs: [Tensor<2>; 2]) -> (Tensor<2>, [Tensor<2>; 2]) {
        let [x, weight] = inputs.clone();
        (plain(x, weight.squeeze_dim(0), self.eps), inputs)
    }

    fn backward(
        &self,
        saved: [Tensor<2>; 2],
        output_grad: Tensor<2>,
        wanted: [bool; 2],
    ) -> [Option<Tensor<2>>; 2] {
        let [of_x, of_weight] = saved.each_ref().map(Tensor::dtype);
        let ([x, weight], dy) = (saved.map(widen), widen(output_grad));
        let r = inverse(&x, self.eps);
        let normal = x * r.clone();
        let dw = wanted[1].then(|| narrow((dy.clone() * normal.clone()).sum_dim(0), of_weight));
        let h = dy * weight;
        let shared = (h.clone() * normal.clone()).mean_dim(1);
        [wanted[0].then(|| narrow(r * (h - normal * shared), of_x)), dw]
    }
}

/// `r` of every row, `[rows, 1]`.
fn inverse(x: &Tensor<2>, eps: f64) -> Tensor<2> {
    x.clone().square().mean_dim(1).add_scalar(eps).sqrt().recip()
}

/// Normalises the few rows of decoding.
pub(crate) fn few(x: &[f32], w: &[f32], eps: f64, y: &mut [f32]) {
    let mut inverse = [0.0; skinny::MOST_ROWS];
    for (x, y) in x.chunks(inverse.len() * w.len().max(1)).zip(y.chunks_mut(inverse.len() * w.len().max(1))) {
        forward(Rows { x, w, eps: eps as f32 }, y, &mut inverse);
    }
}

fn input_grad(saved: &Saved, dy: &FlexTensor) -> FlexTensor {
    let [rows, width] = sizes(&saved.x);
    let mut dx = vec![0.0; rows * width];
    let (x, w, r, dy) = (floats(&saved.x), floats(&saved.weight), floats(&saved.inverse), floats(dy));
    threads::for_row_blocks(&mut dx, width, rows * width * 8, |first, block| {
        let from = first * width;
        let range = from..from + block.len();
        let inverse = &r[first..first + block.len() / width.max(1)];
        backward(Grads { x: &x[range.clone()], w, dy: &dy[range], inverse }, block);
    });
    tensor(dx, [rows, width])
}

fn weight_grad(saved: &Saved, dy: &FlexTensor) -> FlexTensor {
    let [_, width] = sizes(&saved.x);
    let mut dw = vec![0.0; width];
    let rows = floats(&saved.x).chunks_exact(width.max(1)).zip(floats(dy).chunks_exact(width.max(1)));
    for ((x, dy), r) in rows.zip(floats(&saved.inverse)) {
        for ((dw, x), dy) in dw.iter_mut().zip(x).zip(dy) {
            *dw += dy * x * r;
        }
    }
    tensor(dw, [width])
}

struct Rows<'a> {
    x: &'a [f32],
    w: &'a [f32],
    eps: f32,
}

struct Grads<'a> {
    x: &'a [f32],
    w: &'a [f32],
    dy: &'a [f32],
    inverse: &'a [f32],
}

dispatch! {
    fn forward(rows: Rows<'_>, y: &mut [f32], inverse: &mut [f32]) = forward_body
}
dispatch! {
    fn backward(grads: Grads<'_>, dx: &mut [f32]) = backward_body
}

#[inline(always)]
fn forward_body<S: Simd>(rows: Rows<'_>, y: &mut [f32], inverse: &mut [f32]) {
    let width = rows.w.len().max(1);
    for ((x, y), inverse) in rows.x.chunks_exact(width).zip(y.chunks_exact_mut(width)).zip(inverse) {
        let r = 1.0 / (dot_body::<S>(x, x) / width as f32 + rows.eps).sqrt();
        for ((y, &x), &w) in y.iter_mut().zip(x).zip(rows.w) {
            *y = x * r * w;
        }
        *inverse = r;
    }
}

#[inline(always)]
fn backward_body<S: Simd>(grads: Grads<'_>, dx: &mut [f32]) {
    let width = grads.w.len().max(1);
    let rows = grads.x.chunks_exact(width).zip(grads.dy.chunks_exact(width)).zip(grads.inverse);
    for (((x, dy), &r), dx) in rows.zip(dx.chunks_exact_mut(width)) {
        for ((h, &dy), &w) in dx.iter_mut().zip(dy).zip(grads.w) {
            *h = dy * w;
        }
        let shared = dot_body::<S>(dx, x) * r * r / width as f32;
        for (d, &x) in dx.iter_mut().zip(x) {
            *d = r * (*d - x * shared);
        }
    }
}
