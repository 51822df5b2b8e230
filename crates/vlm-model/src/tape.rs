//! Gradients of stacks of layers that kept only what went into each layer.

use burn::module::Module;
use burn::tensor::{Gradients, Tensor};

/// What a pass keeps of its layers until gradients are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activations {
    /// Everything that a gradient needs.
    #[default]
    Kept,
    /// The input of every layer; the rest is computed again, one layer at a time (Chen et al. 2016, arXiv 1604.06174). Only
    /// the last layer of a stack is kept whole: its gradient comes first.
    Recomputed,
}

/// The layers that gradients still have to be taken through: none when all activations were [kept](Activations::Kept).
#[derive(Default)]
pub struct Tape {
    stack: Option<Box<dyn Descend>>,
    /// Stacks whose results went into this one.
    below: Vec<Self>,
}

impl Tape {
    /// The same above other stacks.
    pub(crate) fn above(self, below: Vec<Self>) -> Self {
        Self { below, ..self }
    }

    /// Takes `gradients` of a loss from where the layers end to where they begin, layer by layer, and shows what each of
    /// them gives its weights.
    ///
    /// The gradient g of a layer's output y reaches input and weights as the gradient of Σ y·g, with g a constant.
    pub fn backward(self, gradients: &mut Gradients, found: &mut dyn FnMut(&mut Gradients)) {
        let Some(stack) = self.stack else {
            return self.below.into_iter().for_each(|tape| tape.backward(gradients, found));
        };
        if let Some(mut lowest) = stack.descend(gradients, found) {
            self.below.into_iter().for_each(|tape| tape.backward(&mut lowest, found));
        }
    }
}

/// A stack of layers on its way back.
trait Descend {
    /// Goes from the last layer to the first, whose gradients are returned: all that stands below is among them.
    fn descend(
        self: Box<Self>,
        gradients: &mut Gradients,
        found: &mut dyn FnMut(&mut Gradients),
    ) -> Option<Gradients>;
}

struct Stack<L, F> {
    layers: Vec<L>,
    /// What went into each of them: the rows with their own gradients, then plain numbers.
    inputs: Vec<Tensor<2>>,
    /// What came out of them: everything above begins here.
    top: Tensor<2>,
    apply: F,
}

impl<L, F: Fn(&L, usize, Tensor<2>) -> Tensor<2>> Descend for Stack<L, F> {
    fn descend(
        self: Box<Self>,
        gradients: &mut Gradients,
        found: &mut dyn FnMut(&mut Gradients),
    ) -> Option<Gradients> {
        let Self { layers, mut inputs, top, apply } = *self;
        let mut gradient = top.grad_remove(gradients);
        for (index, layer) in layers.iter().enumerate().rev() {
            let (g, input) = (gradient.take()?, inputs.pop()?);
            let input = if index == 0 { input } else { input.autodiff().require_grad() };
            let output = apply(layer, index, input.clone());
            if !output.is_tracked() {
                return None;
            }
            let mut own = (output * g).sum().backward();
            found(&mut own);
            if index == 0 {
                return Some(own);
            }
            gradient = input.grad_remove(&mut own);
        }
        None
    }
}

/// Sends rows through layers, each by `apply` with its index, and returns what comes out with the tape that its gradients
/// need.
pub(crate) fn run<L: Module + 'static>(
    layers: &[L],
    rows: Tensor<2>,
    activations: Activations,
    apply: impl Fn(&L, usize, Tensor<2>) -> Tensor<2> + 'static,
) -> (Tensor<2>, Tape) {
    let split = layers.split_last().filter(|(_, lower)| !lower.is_empty());
    let (Activations::Recomputed, Some((last, lower))) = (activations, split) else {
        let rows = layers.iter().enumerate().fold(rows, |rows, (index, layer)| apply(layer, index, rows));
        return (rows, Tape::default());
    };
    let mut inputs = vec![rows.clone()];
    let mut top = rows.inner();
    for (index, layer) in lower.iter().enumerate() {
        if index > 0 {
            inputs.push(top.clone());
        }
        // Plain weights: nothing is recorded.
        top = apply(&layer.valid(), index, top);
    }
    let top = top.autodiff().require_grad();
    let output = apply(last, lower.len(), top.clone());
    let stack = Stack { layers: lower.to_vec(), inputs, top, apply };
    (output, Tape { stack: Some(Box::new(stack)), below: Vec::new() })
}
