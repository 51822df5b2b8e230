//! Gradients of a pass whose layers kept only what went into them.

use super::cache::Memory;
use super::decoder::Decoder;
use super::layer::DecoderLayer;
use crate::layers::RotaryTable;
use burn::module::Module;
use burn::tensor::{Gradients, Tensor};
use fused_ops::AttentionPlan;

/// What a pass keeps of its layers until gradients are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activations {
    /// Everything that a gradient needs.
    #[default]
    Kept,
    /// The input of every layer; the rest is computed again, one layer at a time (Chen et al. 2016, arXiv 1604.06174). Only
    /// the last layer is kept whole: its gradient comes first.
    Recomputed,
}

/// The layers that a pass still has to be taken back through: none when [`Activations::Kept`].
#[derive(Debug, Default)]
pub struct Tape(Option<Layers>);

#[derive(Debug)]
struct Layers {
    layers: Vec<DecoderLayer>,
    /// What went into each of them: the embedded rows with their own gradients, then plain numbers.
    inputs: Vec<Tensor<2>>,
    /// What came out of them: everything above begins here.
    top: Tensor<2>,
    rotary: RotaryTable,
    plan: AttentionPlan,
}

impl Tape {
    /// Takes `gradients` of a loss from where the layers end to where they begin, layer by layer, and shows what each of
    /// them gives its weights.
    ///
    /// The gradient g of a layer's output y reaches input and weights as the gradient of Σ y·g, with g a constant.
    pub fn backward(self, gradients: &mut Gradients, found: &mut dyn FnMut(&mut Gradients)) {
        let Some(Layers { layers, mut inputs, top, rotary, plan }) = self.0 else { return };
        let mut gradient = top.grad_remove(gradients);
        for (index, layer) in layers.iter().enumerate().rev() {
            let (Some(g), Some(input)) = (gradient.take(), inputs.pop()) else { return };
            let input = if index == 0 { input } else { input.autodiff().require_grad() };
            let output = layer.forward(input.clone(), &rotary, &plan, &mut Memory::Pass, index);
            if !output.is_tracked() {
                return;
            }
            let mut below = (output * g).sum().backward();
            gradient = input.grad_remove(&mut below);
            found(&mut below);
        }
    }
}

impl Decoder {
    /// [`forward`](Self::forward) of a whole pass, with the tape that its gradients need beside those of its result.
    pub fn forward_on_tape(
        &self,
        rows: Tensor<2>,
        positions: &[[i64; 3]],
        plan: &AttentionPlan,
        activations: Activations,
    ) -> (Tensor<2>, Tape) {
        let split = self.layers.split_last().filter(|(_, below)| !below.is_empty());
        let (Activations::Recomputed, Some((last, below))) = (activations, split) else {
            return (self.forward(rows, positions, plan, &mut Memory::Pass), Tape(None));
        };
        let rotary = self.rotary(positions, &rows.device());
        let mut inputs = vec![rows.clone()];
        let mut top = rows.inner();
        for (index, layer) in below.iter().enumerate() {
            if index > 0 {
                inputs.push(top.clone());
            }
            // Plain weights: nothing is recorded.
            top = layer.valid().forward(top, &rotary, plan, &mut Memory::Pass, index);
        }
        let top = top.autodiff().require_grad();
        let output = last.forward(top.clone(), &rotary, plan, &mut Memory::Pass, below.len());
        let layers = Layers { layers: below.to_vec(), inputs, top, rotary, plan: plan.clone() };
        (self.norm.forward(output), Tape(Some(layers)))
    }
}
