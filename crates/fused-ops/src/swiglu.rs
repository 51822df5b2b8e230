//! The gate of a SwiGLU feed-forward block: `y = silu(g) · u`.

use burn::tensor::{Tensor, activation};
use burn_flex::FlexTensor;

use crate::bridge::{self, Operation, dense, floats, tensor};
use crate::composed::{self, Composed};
use crate::kernel::shared::Shared;
use crate::kernel::simd::{Simd, dispatch};
use crate::kernel::threads;
use crate::kernel::vector::sigmoid;
use crate::widen::{narrow, widen};

/// Gates `up` with `gate`: `y = g σ(g) u` (Shazeer 2020, arXiv 2002.05202).
///
/// With `s = σ(g)` the gradients are `du = dy · g s` and `dg = dy · u s (1 + g (1 - s))`; `s` is computed again in the
/// backward pass, so nothing but the two inputs is kept.
///
/// # Shapes
/// `gate`, `up` and the result: `[rows, width]`.
///
/// # Panics
/// When the shapes differ.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let gate = Tensor::<2>::from_data([[0.0, 100.0]], &device);
/// let up = Tensor::<2>::from_data([[5.0, 2.0]], &device);
/// assert_eq!(fused_ops::swiglu(gate, up).into_data().try_to_vec::<f32>().unwrap(), [0.0, 200.0]);
/// ```
pub fn swiglu(gate: Tensor<2>, up: Tensor<2>) -> Tensor<2> {
    assert_eq!(gate.dims(), up.dims(), "swiglu: gate and up differ in shape");
    bridge::run(Swiglu, [gate.into_dispatch(), up.into_dispatch()])
        .map(Tensor::from_dispatch)
        .unwrap_or_else(|inputs| on_a_device(inputs.map(Tensor::from_dispatch)))
}

/// With a backward pass of ours where a tape is kept.
fn on_a_device(inputs: [Tensor<2>; 2]) -> Tensor<2> {
    composed::run(Swiglu, inputs).unwrap_or_else(|[gate, up]| plain(gate, up))
}

/// [`swiglu`] in burn's own operations.
pub fn plain(gate: Tensor<2>, up: Tensor<2>) -> Tensor<2> {
    activation::silu(gate) * up
}

#[derive(Clone, Debug)]
struct Swiglu;

impl Operation<2> for Swiglu {
    type Saved = [FlexTensor; 2];

    fn record(&self, inputs: [FlexTensor; 2], _: [bool; 2]) -> (FlexTensor, [FlexTensor; 2]) {
        let [gate, up] = inputs.map(dense);
        let mut y = vec![0.0; floats(&gate).len()];
        let (g, u) = (floats(&gate), floats(&up));
        in_blocks(&mut y, |range, y| forward(&g[range.clone()], &u[range], y));
        (tensor(y, gate.layout().shape().clone()), [gate, up])
    }

    fn backward(
        &self,
        [gate, up]: [FlexTensor; 2],
        output_grad: FlexTensor,
        _: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let dy = dense(output_grad);
        let (g, u, dy) = (floats(&gate), floats(&up), floats(&dy));
        let (mut dg, mut du) = (vec![0.0; g.len()], vec![0.0; g.len()]);
        let du_parts = Shared::new(&mut du);
        in_blocks(&mut dg, |range, dg| {
            // SAFETY: blocks are disjoint, and each is handed out once.
            let du = unsafe { du_parts.part(range.start, range.len()) };
            backward(Inputs { g: &g[range.clone()], u: &u[range.clone()], dy: &dy[range] }, dg, du);
        });
        let shape = gate.layout().shape().clone();
        [Some(tensor(dg, shape.clone())), Some(tensor(du, shape))]
    }
}

/// On any device, in `f32`: burn's tape would keep `s` and `g s` beside the inputs.
impl Composed<2> for Swiglu {
    type Saved = [Tensor<2>; 2];

    fn forward(&self, inputs: [Tensor<2>; 2]) -> (Tensor<2>, [Tensor<2>; 2]) {
        let [gate, up] = inputs.clone();
        (plain(gate, up), inputs)
    }

    fn backward(
        &self,
        [gate, up]: [Tensor<2>; 2],
        output_grad: Tensor<2>,
        wanted: [bool; 2],
    ) -> [Option<Tensor<2>>; 2] {
        let dtype = gate.dtype();
        let [g, u, dy] = [gate, up, output_grad].map(widen);
        let s = activation::sigmoid(g.clone());
        let du = wanted[1].then(|| narrow(dy.clone() * g.clone() * s.clone(), dtype));
        let slope = s.clone() * (g * s.neg().add_scalar(1.0)).add_scalar(1.0);
        [wanted[0].then(|| narrow(dy * u * slope, dtype)), du]
    }
}

fn in_blocks(out: &mut [f32], f: impl Fn(std::ops::Range<usize>, &mut [f32]) + Sync + Send) {
    const COST_OF_EXP: usize = 16;
    let work = out.len() * COST_OF_EXP;
    threads::for_row_blocks(out, 256, work, |row, block| f(row * 256..row * 256 + block.len(), block));
}

struct Inputs<'a> {
    g: &'a [f32],
    u: &'a [f32],
    dy: &'a [f32],
}

dispatch! {
    /// `y = g σ(g) u`
    pub(crate) fn forward(g: &[f32], u: &[f32], y: &mut [f32]) = forward_body
}
dispatch! {
    fn backward(inputs: Inputs<'_>, dg: &mut [f32], du: &mut [f32]) = backward_body
}

#[inline(always)]
fn forward_body<S: Simd>(g: &[f32], u: &[f32], y: &mut [f32]) {
    for ((y, &g), &u) in y.iter_mut().zip(g).zip(u) {
        *y = g * sigmoid::<S>(g) * u;
    }
}

#[inline(always)]
fn backward_body<S: Simd>(inputs: Inputs<'_>, dg: &mut [f32], du: &mut [f32]) {
    let n = dg.len();
    let (g, u, dy, du) = (&inputs.g[..n], &inputs.u[..n], &inputs.dy[..n], &mut du[..n]);
    for i in 0..n {
        let s = sigmoid::<S>(g[i]);
        du[i] = dy[i] * g[i] * s;
        dg[i] = dy[i] * u[i] * s * S::fma(g[i], 1.0 - s, 1.0);
    }
}
