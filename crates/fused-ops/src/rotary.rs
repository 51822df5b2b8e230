//! Rotary position embedding in the rotate-half layout.

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::bridge::{self, Operation, dense, floats, sizes, tensor};
use crate::kernel::simd::{Simd, dispatch};
use crate::kernel::threads;
use crate::widen::{assert_wide, narrow, widen};

/// Rotates every head of every row: `y = x · cos + rotate_half(x) · sin` (Su et al. 2021, arXiv 2104.09864).
///
/// `rotate_half` maps the halves `(a, b)` of a head to `(-b, a)`. The gradient is the transposed rotation; the tables
/// are constants and receive none. Sections (M-RoPE) are a matter of how the tables are filled. The tables may be `f32`
/// where `x` is not: 16-bit floats are rotated in `f32` and rounded once.
///
/// # Shapes
/// - `x` and the result: `[rows, heads, head]`, `head` even
/// - `cos`, `sin`: `[rows, head]`
///
/// # Panics
/// When the sizes do not match or `head` is odd.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let x = Tensor::<3>::from_data([[[1.0, 2.0]]], &device);
/// let (cos, sin) = (Tensor::from_data([[0.0, 0.0]], &device), Tensor::from_data([[1.0, 1.0]], &device));
/// assert_eq!(fused_ops::rotary(x, cos, sin).into_data().try_to_vec::<f32>().unwrap(), [-2.0, 1.0]);
/// ```
pub fn rotary(x: Tensor<3>, cos: Tensor<2>, sin: Tensor<2>) -> Tensor<3> {
    let [rows, _, head] = x.dims();
    assert_eq!(head % 2, 0, "rotary: a head of {head} values has no halves");
    assert_eq!(cos.dims(), [rows, head], "rotary: cos for x {:?}", x.dims());
    assert_eq!(sin.dims(), [rows, head], "rotary: sin for x {:?}", x.dims());
    let (cos, sin) = (cos.without_autodiff(), sin.without_autodiff());
    bridge::run(Rotary, [x.into_dispatch(), cos.into_dispatch(), sin.into_dispatch()])
        .map(Tensor::from_dispatch)
        .unwrap_or_else(|[x, cos, sin]| {
            plain(Tensor::from_dispatch(x), Tensor::from_dispatch(cos), Tensor::from_dispatch(sin))
        })
}

/// [`rotary`] in burn's own operations.
pub fn plain(x: Tensor<3>, cos: Tensor<2>, sin: Tensor<2>) -> Tensor<3> {
    let (dtype, half) = (x.dtype(), x.dims()[2] / 2);
    let x = widen(x);
    assert_wide(&x);
    let (a, b) = (x.clone().narrow(2, 0, half), x.clone().narrow(2, half, half));
    let turned = Tensor::cat(vec![b.neg(), a], 2) * widen(sin).unsqueeze_dim(1);
    narrow(x * widen(cos).unsqueeze_dim(1) + turned, dtype)
}

#[derive(Clone, Debug)]
struct Rotary;

impl Operation<3> for Rotary {
    type Saved = [FlexTensor; 2];

    fn record(&self, inputs: [FlexTensor; 3], _: [bool; 3]) -> (FlexTensor, [FlexTensor; 2]) {
        let [x, cos, sin] = inputs.map(dense);
        (rotate(&x, [&cos, &sin], Turn::Forward), [cos, sin])
    }

    fn backward(
        &self,
        [cos, sin]: [FlexTensor; 2],
        output_grad: FlexTensor,
        _: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        [Some(rotate(&dense(output_grad), [&cos, &sin], Turn::Back)), None, None]
    }
}

/// Which of the two rotations.
#[derive(Clone, Copy)]
enum Turn {
    /// That of the angles.
    Forward,
    /// The transposed one.
    Back,
}

/// Some rows of all heads and their angles.
struct Rows<'a> {
    x: &'a [f32],
    cos: &'a [f32],
    sin: &'a [f32],
    head: usize,
    /// Values of a row: all its heads.
    width: usize,
    turn: Turn,
}

/// Turns all heads of some rows by the angles of each row.
pub(crate) fn turn(x: &[f32], [cos, sin]: [&[f32]; 2], [head, width]: [usize; 2], y: &mut [f32]) {
    rotate_rows(Rows { x, cos, sin, head, width, turn: Turn::Forward }, y);
}

fn rotate(x: &FlexTensor, [cos, sin]: [&FlexTensor; 2], turn: Turn) -> FlexTensor {
    let [rows, heads, head] = sizes(x);
    let width = heads * head;
    let mut y = vec![0.0; rows * width];
    let (x, cos, sin) = (floats(x), floats(cos), floats(sin));
    threads::for_row_blocks(&mut y, width, rows * width * 2, |first, block| {
        let last = first + block.len() / width.max(1);
        let (values, angles) = (first * width..last * width, first * head..last * head);
        rotate_rows(
            Rows { x: &x[values], cos: &cos[angles.clone()], sin: &sin[angles], head, width, turn },
            block,
        );
    });
    tensor(y, [rows, heads, head])
}

dispatch! {
    fn rotate_rows(rows: Rows<'_>, y: &mut [f32]) = rotate_rows_body
}

#[inline(always)]
fn rotate_rows_body<S: Simd>(rows: Rows<'_>, y: &mut [f32]) {
    let (head, width) = (rows.head.max(1), rows.width.max(1));
    let angles = rows.cos.chunks_exact(head).zip(rows.sin.chunks_exact(head));
    for ((x, y), (cos, sin)) in rows.x.chunks_exact(width).zip(y.chunks_exact_mut(width)).zip(angles) {
        let (cos, sin) = (cos.split_at(head / 2), sin.split_at(head / 2));
        for (x, y) in x.chunks_exact(head).zip(y.chunks_exact_mut(head)) {
            match rows.turn {
                Turn::Forward => rotate_head::<S>(x, cos, (sin.0, sin.1), -1.0, y),
                Turn::Back => rotate_head::<S>(x, cos, (sin.1, sin.0), 1.0, y),
            }
        }
    }
}

/// `(a, b) ↦ (a cos₁ + sign b sin₁, b cos₂ - sign a sin₂)`
#[inline(always)]
fn rotate_head<S: Simd>(x: &[f32], cos: (&[f32], &[f32]), sin: (&[f32], &[f32]), sign: f32, y: &mut [f32]) {
    let half = x.len() / 2;
    let ((a, b), (y_a, y_b)) = (x.split_at(half), y.split_at_mut(half));
    let (cos_a, cos_b, sin_a, sin_b) = (&cos.0[..half], &cos.1[..half], &sin.0[..half], &sin.1[..half]);
    for i in 0..half {
        y_a[i] = S::fma(a[i], cos_a[i], sign * b[i] * sin_a[i]);
        y_b[i] = S::fma(b[i], cos_b[i], -sign * a[i] * sin_b[i]);
    }
}
