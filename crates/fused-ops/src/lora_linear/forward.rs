//! The forward pass: adapters merged into the weight, or beside it.

use burn_flex::FlexTensor;

use super::{Inputs, Pair, Saved, add_product, merge};
use crate::bridge::tensor;
use crate::linear::{self, View};

/// `Y = X Vᵀ + b`
pub(super) fn merged(inputs: &Inputs<'_>) -> (FlexTensor, Saved) {
    let y = linear::forward(inputs.x, &merge(inputs.weight, &inputs.pairs), inputs.bias);
    inputs.saved(y, Vec::new())
}

/// `Y = X Wᵀ + b + Σ s (X Aᵀ) Bᵀ`
pub(super) fn apart(inputs: &Inputs<'_>) -> (FlexTensor, Saved) {
    let mut y = linear::forward(inputs.x, inputs.weight, inputs.bias);
    let add = |pair: &Pair| {
        let low = tensor(linear::forward(inputs.x, &pair.a, None), linear::shape(inputs.x, &pair.a));
        let (left, right) = (View::of(low.clone()), View::of(pair.b.clone()));
        add_product(&mut y, left.mat(), right.mat().t(), pair.scale);
        low
    };
    let low = inputs.pairs.iter().map(add).collect();
    inputs.saved(y, low)
}

impl Inputs<'_> {
    fn saved(&self, y: Vec<f32>, low: Vec<FlexTensor>) -> (FlexTensor, Saved) {
        let (x, weight, pairs) = (self.x.clone(), self.weight.clone(), self.pairs.clone());
        (tensor(y, linear::shape(&x, &weight)), Saved { x, weight, pairs, low })
    }
}
