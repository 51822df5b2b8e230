//! Backward passes written in burn's own operations, for the devices that have no kernels of ours.
//!
//! burn's tape keeps what every operation needs. A [`Composed`] operation keeps what it wants and makes the rest again.

use std::fmt::Debug;
use std::marker::PhantomData;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, BackendTensor, DispatchAutodiffContext, DispatchTensor,
    DispatchTensorKind, Flex,
};
use burn::tensor::Tensor;

/// An operation on `N` matrices, made of burn's own operations.
pub(crate) trait Composed<const N: usize>: Clone + Debug + Send + 'static {
    /// What the backward pass needs: handles, without a tape.
    type Saved: Clone + Debug + Send + 'static;

    /// The output of inputs without a tape, and what the backward pass needs.
    fn forward(&self, inputs: [Tensor<2>; N]) -> (Tensor<2>, Self::Saved);

    /// The `wanted` gradients of the inputs, from the output's gradient.
    fn backward(
        &self,
        saved: Self::Saved,
        output_grad: Tensor<2>,
        wanted: [bool; N],
    ) -> [Option<Tensor<2>>; N];
}

/// Runs `operation` where a tape is kept, or returns the inputs where none is, or where it cannot be written to.
pub(crate) fn run<O: Composed<N>, const N: usize>(
    operation: O,
    inputs: [Tensor<2>; N],
) -> Result<Tensor<2>, [Tensor<2>; N]> {
    let inputs = inputs.map(Tensor::into_dispatch);
    let context = inputs.iter().fold(DispatchAutodiffContext::Disabled, |all, t| all.merge(t.autodiff));
    if context == DispatchAutodiffContext::Disabled {
        return Err(inputs.map(Tensor::from_dispatch));
    }
    let recorded = if inputs.iter().all(|t| Flex::holds(&t.kind)) {
        tape::<Flex, O, N>(operation, inputs)
    } else {
        on_a_device(operation, inputs).map_err(|inputs| inputs.map(Tensor::from_dispatch))?
    };
    let kind = DispatchTensorKind::Autodiff(Box::new(recorded));
    Ok(Tensor::from_dispatch(DispatchTensor { kind, autodiff: context }))
}

#[cfg(feature = "cube")]
fn on_a_device<O: Composed<N>, const N: usize>(
    operation: O,
    inputs: [DispatchTensor; N],
) -> Result<DispatchTensorKind, [DispatchTensor; N]> {
    use burn::backend::Cube;
    if inputs.iter().all(|t| Cube::holds(&t.kind)) {
        Ok(tape::<Cube, O, N>(operation, inputs))
    } else {
        Err(inputs)
    }
}

#[cfg(not(feature = "cube"))]
fn on_a_device<O: Composed<N>, const N: usize>(
    _: O,
    inputs: [DispatchTensor; N],
) -> Result<DispatchTensorKind, [DispatchTensor; N]> {
    Err(inputs)
}

/// Tensors of a back end among those of all.
trait Held: Backend {
    fn wrap(tensor: BackendTensor<Self>) -> DispatchTensorKind;

    /// `None` for a tensor of another back end.
    fn open(kind: DispatchTensorKind) -> Option<BackendTensor<Self>>;

    /// Whether a tensor, with a tape or without, is of this back end.
    fn holds(kind: &DispatchTensorKind) -> bool;

    /// The tensor on the tape: as a constant, if it has none.
    fn tracked(tensor: DispatchTensor) -> FloatTensor<Autodiff<Self>> {
        let kind = match tensor.kind {
            DispatchTensorKind::Autodiff(inner) => *inner,
            kind => kind,
        };
        match Self::open(kind) {
            Some(BackendTensor::Autodiff(tracked)) => tracked,
            Some(BackendTensor::Float(plain)) => Autodiff::<Self>::from_inner(plain),
            other => unreachable!("checked to be floats of the back end: {other:?}"),
        }
    }

    fn tensor(plain: FloatTensor<Self>) -> Tensor<2> {
        let kind = Self::wrap(BackendTensor::Float(plain));
        Tensor::from_dispatch(DispatchTensor { kind, autodiff: DispatchAutodiffContext::Disabled })
    }

    fn primitive(tensor: Tensor<2>) -> FloatTensor<Self> {
        Self::tracked(tensor.into_dispatch()).into_primitive()
    }
}

macro_rules! held {
    ($backend:ty, $kind:ident) => {
        impl Held for $backend {
            fn wrap(tensor: BackendTensor<Self>) -> DispatchTensorKind {
                DispatchTensorKind::$kind(tensor)
            }

            fn open(kind: DispatchTensorKind) -> Option<BackendTensor<Self>> {
                match kind {
                    DispatchTensorKind::$kind(tensor) => Some(tensor),
                    _ => None,
                }
            }

            fn holds(kind: &DispatchTensorKind) -> bool {
                match kind {
                    DispatchTensorKind::Autodiff(inner) => Self::holds(inner),
                    kind => matches!(kind, DispatchTensorKind::$kind(_)),
                }
            }
        }
    };
}

held!(Flex, Flex);
#[cfg(feature = "cube")]
held!(burn::backend::Cube, Cube);

fn tape<B: Held, O: Composed<N>, const N: usize>(
    operation: O,
    inputs: [DispatchTensor; N],
) -> DispatchTensorKind {
    let inputs = inputs.map(B::tracked);
    let nodes = inputs.each_ref().map(|input| input.node());
    let (output, saved) = operation.forward(inputs.map(|input| B::tensor(input.into_primitive())));
    let output = B::primitive(output);
    // The strategy matters only to operations that may be recomputed, and a compute-bound one never is.
    let step = Recorded::<B, O>(operation, PhantomData).prepare::<NoCheckpointing>(nodes);
    B::wrap(BackendTensor::Autodiff(match step.compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(saved, output),
        OpsKind::UnTracked(step) => step.finish(output),
    }))
}

#[derive(Debug)]
struct Recorded<B, O>(O, PhantomData<B>);

impl<B: Held, O: Composed<N>, const N: usize> Backward<B, N> for Recorded<B, O> {
    type State = O::Saved;

    fn backward(self, ops: Ops<O::Saved, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let output_grad = B::tensor(grads.consume::<B>(&ops.node));
        let ids = ops.parents.map(|parent| parent.map(|node| node.id));
        let wanted = ids.map(|id| id.is_some());
        for (id, grad) in ids.into_iter().zip(self.0.backward(ops.state, output_grad, wanted)) {
            if let Some((id, grad)) = id.zip(grad) {
                grads.register::<B>(id, B::primitive(grad));
            }
        }
    }
}
