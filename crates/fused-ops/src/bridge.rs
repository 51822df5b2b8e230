//! From burn's tensors to kernels and back, with or without a gradient tape.
//!
//! An [`Operation`] is a forward and a backward pass on dense CPU tensors. [`run`] takes it when every input is a tensor of
//! the flex back end with an element type that it takes, which is `f32` for nearly all; otherwise it hands the inputs back
//! and the caller uses the operation's plain body.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, BackendTensor, DType, DispatchAutodiffContext, DispatchTensor,
    DispatchTensorKind, Flex, TensorMetadata,
};
use burn::tensor::{Bytes, Shape};
use burn_flex::{FlexTensor, Layout};

/// A fused operation with `N` inputs.
pub(crate) trait Operation<const N: usize>: Clone + Debug + Send + 'static {
    /// What the backward pass needs from the forward pass: handles, never copies of inputs.
    type Saved: Clone + Debug + Send + 'static;

    /// Whether the input at `index` may have this element type.
    fn takes(_index: usize, dtype: DType) -> bool {
        dtype == DType::F32
    }

    /// The output alone, for inputs without gradients.
    fn infer(&self, inputs: [FlexTensor; N]) -> FlexTensor {
        self.record(inputs, [false; N]).0
    }

    /// The output, and what backward needs to make the `wanted` gradients.
    fn record(&self, inputs: [FlexTensor; N], wanted: [bool; N]) -> (FlexTensor, Self::Saved);

    /// The `wanted` gradients of the inputs, from the output's gradient (of any strides).
    fn backward(
        &self,
        saved: Self::Saved,
        output_grad: FlexTensor,
        wanted: [bool; N],
    ) -> [Option<FlexTensor>; N];
}

/// Runs `operation`, or returns the inputs when it does not take them all.
pub(crate) fn run<O: Operation<N>, const N: usize>(
    operation: O,
    inputs: [DispatchTensor; N],
) -> Result<DispatchTensor, [DispatchTensor; N]> {
    if !inputs.iter().enumerate().all(|(index, t)| is_flex(t) && O::takes(index, t.dtype())) {
        return Err(inputs);
    }
    let context = inputs.iter().fold(DispatchAutodiffContext::Disabled, |all, t| all.merge(t.autodiff));
    if context == DispatchAutodiffContext::Disabled {
        return Ok(from_flex(operation.infer(inputs.map(into_flex))));
    }
    let output = BackendTensor::Autodiff(tape(operation, inputs.map(into_autodiff)));
    let kind = DispatchTensorKind::Autodiff(Box::new(DispatchTensorKind::Flex(output)));
    Ok(DispatchTensor { kind, autodiff: context })
}

pub(crate) fn is_flex_f32(tensor: &DispatchTensor) -> bool {
    is_flex(tensor) && tensor.dtype() == DType::F32
}

/// Whether a tensor of floats lies on the CPU.
pub(crate) fn is_flex(tensor: &DispatchTensor) -> bool {
    let kind = match &tensor.kind {
        DispatchTensorKind::Autodiff(inner) => inner,
        kind => kind,
    };
    matches!(kind, DispatchTensorKind::Flex(_))
}

type Tracked = FloatTensor<Autodiff<Flex>>;

fn into_autodiff(tensor: DispatchTensor) -> Tracked {
    match tensor.kind {
        DispatchTensorKind::Flex(BackendTensor::Float(plain)) => Autodiff::<Flex>::from_inner(plain),
        DispatchTensorKind::Autodiff(inner) => match *inner {
            DispatchTensorKind::Flex(BackendTensor::Autodiff(tracked)) => tracked,
            other => unreachable!("checked to be a flex float tensor: {other:?}"),
        },
        other => unreachable!("checked to be a flex float tensor: {other:?}"),
    }
}

/// The CPU tensor inside a tensor that [`is_flex_f32`]; its tape, if any, is left behind.
pub(crate) fn into_flex(tensor: DispatchTensor) -> FlexTensor {
    match tensor.kind {
        DispatchTensorKind::Flex(BackendTensor::Float(plain)) => plain,
        _ => into_autodiff(tensor).into_primitive(),
    }
}

/// A tensor without a tape around a CPU tensor of floats.
pub(crate) fn from_flex(tensor: FlexTensor) -> DispatchTensor {
    let kind = DispatchTensorKind::Flex(BackendTensor::Float(tensor));
    DispatchTensor { kind, autodiff: DispatchAutodiffContext::Disabled }
}

/// The CPU tensor of 32-bit integers inside a tensor, made dense; `None` for any other.
pub(crate) fn into_flex_words(tensor: DispatchTensor) -> Option<FlexTensor> {
    let kind = match tensor.kind {
        DispatchTensorKind::Autodiff(inner) => *inner,
        kind => kind,
    };
    match kind {
        DispatchTensorKind::Flex(BackendTensor::Int(words)) if words.dtype() == DType::I32 => {
            Some(dense(words))
        }
        _ => None,
    }
}

/// Runs an operation and records its backward pass if any input is tracked.
fn tape<O: Operation<N>, const N: usize>(operation: O, inputs: [Tracked; N]) -> Tracked {
    let nodes = inputs.each_ref().map(Tracked::node);
    let wanted = inputs.each_ref().map(Tracked::is_tracked);
    let inputs = inputs.map(Tracked::into_primitive);
    // The strategy matters only to operations that may be recomputed, and a compute-bound one never is.
    match Recorded(operation.clone()).prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => {
            let (output, saved) = operation.record(inputs, wanted);
            step.finish(saved, output)
        }
        OpsKind::UnTracked(step) => step.finish(operation.infer(inputs)),
    }
}

#[derive(Debug)]
struct Recorded<O>(O);

impl<O: Operation<N>, const N: usize> Backward<Flex, N> for Recorded<O> {
    type State = O::Saved;

    fn backward(self, ops: Ops<O::Saved, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let output_grad = grads.consume::<Flex>(&ops.node);
        let ids = ops.parents.map(|parent| parent.map(|node| node.id));
        let wanted = ids.map(|id| id.is_some());
        for (id, grad) in ids.into_iter().zip(self.0.backward(ops.state, output_grad, wanted)) {
            if let Some((id, grad)) = id.zip(grad) {
                grads.register::<Flex>(id, grad);
            }
        }
    }
}

/// The tensor with contiguous elements: itself, or a copy of a strided view.
pub(crate) fn dense(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
}

/// The elements of a dense `f32` tensor.
pub(crate) fn floats(tensor: &FlexTensor) -> &[f32] {
    tensor
        .as_slice::<f32>()
        .expect("operations receive f32 tensors and make them dense before they read them")
}

/// A dense tensor that owns `values`.
pub(crate) fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape.into()), DType::F32)
}

/// The sizes of a tensor known to have `D` dimensions.
pub(crate) fn sizes<const D: usize>(tensor: &FlexTensor) -> [usize; D] {
    tensor.layout().shape().dims::<D>()
}
