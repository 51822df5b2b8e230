//! The forward pass: adapters merged into the weight, or beside it.

use burn_flex::FlexTensor;

use super::{Inputs, Pair, Saved, add_product, merge};
use crate::Arithmetic;
use crate::bridge::{dense, floats, sizes, tensor};
use crate::kernel::matrix::Threads;
use crate::kernel::skinny::{self, Factors, Few};
use crate::linear::{self, View};
use crate::stored::Numbers;

/// `Y = X Vᵀ + b`
pub(super) fn merged(inputs: &Inputs<'_>) -> (FlexTensor, Saved) {
    let y = linear::forward(inputs.x, &merge(inputs.weight, &inputs.pairs), inputs.bias, Arithmetic::Full);
    inputs.saved(y, Vec::new())
}

/// `Y = X Wᵀ + b + Σ s (X Aᵀ) Bᵀ`
pub(super) fn apart(inputs: &Inputs<'_>) -> (FlexTensor, Saved) {
    let low: Vec<FlexTensor> = inputs.pairs.iter().map(|pair| low(inputs.x, pair)).collect();
    let (mut y, done) = match in_one_pass(inputs, &low) {
        Some(y) => (y, 1),
        None => (linear::forward(inputs.x, inputs.weight, inputs.bias, inputs.arithmetic), 0),
    };
    for (pair, low) in inputs.pairs.iter().zip(&low).skip(done) {
        let (left, right) = (View::of(low.clone()), View::of(pair.b.clone()));
        add_product(&mut y, left.mat(), right.mat().t(), pair.scale);
    }
    inputs.saved(y, low)
}

/// `X Aᵀ`
fn low(x: &FlexTensor, pair: &Pair) -> FlexTensor {
    tensor(linear::forward(x, &pair.a, None, Arithmetic::Full), linear::shape(x, &pair.a))
}

/// `Y = X Wᵀ + b + (s X Aᵀ) Bᵀ` of the first pair, for so few rows that a weight is read once for all of them.
fn in_one_pass(inputs: &Inputs<'_>, low: &[FlexTensor]) -> Option<Vec<f32>> {
    let ([rows, inner], [outer, rank]) = (sizes(inputs.x), sizes(&inputs.pairs.first()?.b));
    let weight = Numbers::of(inputs.weight, inputs.arithmetic).filter(|_| rows <= skinny::MOST_ROWS)?;
    let scale = inputs.pairs[0].scale;
    let (x, up) = (dense(inputs.x.clone()), dense(inputs.pairs[0].b.clone()));
    let scaled: Vec<f32> = floats(&low[0]).iter().map(|value| scale * value).collect();
    let bias = inputs.bias.cloned().map(dense);
    let bias = bias.as_ref().map(floats);
    let more = Some(Factors { x: &scaled, weight: floats(&up), inner: rank, stride: rank });
    let mut y = vec![0.0; rows * outer];
    weight.product(Few { x: floats(&x), bias, more, rows, inner, outer }, &mut y, Threads::All);
    Some(y)
}

impl Inputs<'_> {
    fn saved(&self, y: Vec<f32>, low: Vec<FlexTensor>) -> (FlexTensor, Saved) {
        let (x, weight, pairs) = (self.x.clone(), self.weight.clone(), self.pairs.clone());
        (tensor(y, linear::shape(&x, &weight)), Saved { x, weight, pairs, low, arithmetic: self.arithmetic })
    }
}
