//! Attention over packed rows: ragged, windowed, cached, with shared prefixes, with grouped key-value heads.

mod backward;
mod batches;
mod forward;
mod learning;
mod plain;
mod plan;
mod shapes;
mod tiles;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::bridge::{self, Operation, sizes};
use crate::composed;

pub(crate) use forward::{Decoding, decode};
pub use plain::plain;
pub use plan::{AttentionPlan, KeyRows, PlanError, Segment, Visibility};

/// Attends with every query of `plan` to the keys of its segment: `o = softmax(scale · q Kᵀ) V`.
///
/// Query head `h` uses key-value head `h · kv / heads`. Scores exist only for one tile of queries and keys at a time
/// (Dao et al. 2022, arXiv 2205.14135): forward keeps the running maximum and sum of each row, backward recomputes the
/// tile from the saved log-sum-exp. With `p` a row of probabilities and `δ = dO · o`,
/// `dS = p (dO Vᵀ - δ)`, `dQ = scale · dS K`, `dK = scale · dSᵀ Q`, `dV = Pᵀ dO`; rows that several segments share
/// receive the sum of their gradients.
///
/// # Shapes
/// - `q` and the result: `[queries, heads, head]`; rows in no segment, and queries that see no key, give zeros
/// - `k`, `v`: `[keys, kv, head]`, `heads` a multiple of `kv`, `keys` at least what the plan refers to
///
/// # Panics
/// When the sizes do not match each other or the plan.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use fused_ops::{AttentionPlan, Visibility, attention};
///
/// let device = Device::flex();
/// let q = Tensor::<3>::zeros([3, 1, 1], &device);
/// let v = Tensor::<3>::from_data([[[2.0]], [[4.0]], [[9.0]]], &device);
/// let plan = AttentionPlan::sequences(&[2, 1], Visibility::Causal);
/// let o = attention(q.clone(), q, v, &plan, 1.0);
/// assert_eq!(o.into_data().try_to_vec::<f32>().unwrap(), [2.0, 3.0, 9.0]);
/// ```
pub fn attention(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>, plan: &AttentionPlan, scale: f32) -> Tensor<3> {
    check(&q, &k, &v, plan);
    let operation = Attention { plan: plan.clone(), scale, head: q.dims()[2] };
    bridge::run(operation.clone(), [q.into_dispatch(), k.into_dispatch(), v.into_dispatch()])
        .map(Tensor::from_dispatch)
        .unwrap_or_else(|inputs| on_a_device(operation, inputs.map(Tensor::from_dispatch)))
}

/// With a backward pass that keeps no scores, where a tape is kept.
fn on_a_device(operation: Attention, [q, k, v]: [Tensor<3>; 3]) -> Tensor<3> {
    let (shape, plan, scale) = (q.dims(), operation.plan.clone(), operation.scale);
    let flat = |x: &Tensor<3>| {
        let [rows, heads, head] = x.dims();
        x.clone().reshape([rows, heads * head])
    };
    match composed::run(operation, [flat(&q), flat(&k), flat(&v)]) {
        Ok(output) => output.reshape(shape),
        Err(_) => plain(q, k, v, &plan, scale),
    }
}

fn check(q: &Tensor<3>, k: &Tensor<3>, v: &Tensor<3>, plan: &AttentionPlan) {
    let ([rows, heads, head], [keys, kv, key_head]) = (q.dims(), k.dims());
    assert_eq!(k.dims(), v.dims(), "attention: keys and values differ in shape");
    assert_eq!(head, key_head, "attention: q {:?}, k {:?}", q.dims(), k.dims());
    assert!(kv > 0 && heads % kv == 0, "attention: {heads} heads over {kv} key-value heads");
    assert_eq!(rows, plan.query_rows(), "attention: rows of q and of the plan");
    assert!(keys >= plan.key_rows(), "attention: {keys} key rows, the plan needs {}", plan.key_rows());
}

#[derive(Clone, Debug)]
struct Attention {
    plan: AttentionPlan,
    scale: f32,
    /// Values of a head.
    head: usize,
}

#[derive(Clone, Debug)]
struct Saved {
    inputs: [FlexTensor; 3],
    output: FlexTensor,
    /// Log-sum-exp of the scores, `[queries, heads]`.
    log_sum: FlexTensor,
}

impl Operation<3> for Attention {
    type Saved = Saved;

    fn record(&self, inputs: [FlexTensor; 3], _: [bool; 3]) -> (FlexTensor, Saved) {
        let inputs = inputs.map(tiles::readable);
        let (output, log_sum) = forward::run(&inputs, &self.plan, self.scale);
        (output.clone(), Saved { inputs, output, log_sum })
    }

    fn backward(&self, saved: Saved, output_grad: FlexTensor, _: [bool; 3]) -> [Option<FlexTensor>; 3] {
        backward::run(&saved, &tiles::readable(output_grad), &self.plan, self.scale).map(Some)
    }
}

/// Head counts of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heads {
    pub(crate) kv: usize,
    /// Query heads per key-value head.
    pub(crate) group: usize,
    /// Values per head.
    pub(crate) head: usize,
}

impl Heads {
    fn of(q: &FlexTensor, k: &FlexTensor) -> Self {
        let ([_, heads, head], [_, kv, _]) = (sizes(q), sizes(k));
        Self { kv, group: heads / kv, head }
    }

    pub(crate) fn query_heads(&self) -> usize {
        self.kv * self.group
    }
}
