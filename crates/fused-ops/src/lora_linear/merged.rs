//! Adapters merged into a copy of the weight.

use burn_flex::FlexTensor;

use super::{Inputs, Pair, add_product, scaled};
use crate::bridge::{dense, floats, sizes, tensor};
use crate::linear::{self, View, multiply};

#[derive(Clone, Debug)]
pub(super) struct Saved {
    x: FlexTensor,
    /// `V`
    merged: FlexTensor,
    pairs: Vec<Pair>,
}

/// `Y = X Vᵀ + b` with `V = W + Σ s B A`
pub(super) fn forward(inputs: &Inputs<'_>) -> (FlexTensor, Saved) {
    let Inputs { x, weight, pairs, bias } = inputs;
    let mut values = floats(&dense((*weight).clone())).to_vec();
    for Pair { a, b, scale } in pairs {
        add_product(&mut values, View::of(b.clone()).mat(), View::of(a.clone()).mat(), *scale);
    }
    let merged = tensor(values, sizes::<2>(weight));
    let y = tensor(linear::forward(x, &merged, *bias), linear::shape(x, weight));
    (y, Saved { x: (*x).clone(), merged, pairs: pairs.clone() })
}

/// Fills in the gradients of all inputs but the bias.
pub(super) fn backward(saved: Saved, dy: &View, wanted: &[bool], grads: &mut [Option<FlexTensor>]) {
    let merged_grad = multiply(dy.mat().t(), View::of(saved.x).mat());
    let dv = View::of(merged_grad.clone());
    for (i, Pair { a, b, scale }) in saved.pairs.into_iter().enumerate() {
        let (ia, ib) = (2 + 2 * i, 3 + 2 * i);
        let (a, b) = (View::of(a), View::of(b));
        grads[ia] = wanted[ia].then(|| scaled(b.mat().t(), dv.mat(), scale));
        grads[ib] = wanted[ib].then(|| scaled(dv.mat(), a.mat().t(), scale));
    }
    grads[1] = wanted[1].then_some(merged_grad);
    grads[0] = wanted[0].then(|| linear::input_grad(dy, saved.merged));
}
