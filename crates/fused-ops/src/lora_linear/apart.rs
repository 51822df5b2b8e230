//! Adapters beside the weight.

use burn_flex::FlexTensor;

use super::{Inputs, Pair, add_product, scaled, values};
use crate::bridge::{sizes, tensor};
use crate::linear::{self, View, multiply};

#[derive(Clone, Debug)]
pub(super) struct Saved {
    x: FlexTensor,
    weight: FlexTensor,
    /// Every adapter with its `X Aᵀ`.
    pairs: Vec<(Pair, FlexTensor)>,
}

/// `Y = X Wᵀ + b + Σ s (X Aᵀ) Bᵀ`
pub(super) fn forward(inputs: &Inputs<'_>) -> (FlexTensor, Saved) {
    let Inputs { x, weight, pairs, bias } = inputs;
    let mut y = linear::forward(x, weight, *bias);
    let add = |pair: &Pair| {
        let low = tensor(linear::forward(x, &pair.a, None), linear::shape(x, &pair.a));
        let (left, right) = (View::of(low.clone()), View::of(pair.b.clone()));
        add_product(&mut y, left.mat(), right.mat().t(), pair.scale);
        (pair.clone(), low)
    };
    let pairs = pairs.iter().map(add).collect();
    (tensor(y, linear::shape(x, weight)), Saved { x: (*x).clone(), weight: (*weight).clone(), pairs })
}

/// Fills in the gradients of all inputs but the bias.
pub(super) fn backward(saved: Saved, dy: &View, wanted: &[bool], grads: &mut [Option<FlexTensor>]) {
    let x = View::of(saved.x.clone());
    let weight = View::of(saved.weight);
    let mut dx = wanted[0].then(|| values(dy.mat(), weight.mat(), 1.0));
    for (i, (pair, low)) in saved.pairs.into_iter().enumerate() {
        let (ia, ib) = (2 + 2 * i, 3 + 2 * i);
        grads[ib] = wanted[ib].then(|| scaled(dy.mat().t(), View::of(low).mat(), pair.scale));
        if dx.is_some() || wanted[ia] {
            let du = View::of(multiply(dy.mat(), View::of(pair.b).mat()));
            grads[ia] = wanted[ia].then(|| scaled(du.mat().t(), x.mat(), pair.scale));
            if let Some(dx) = &mut dx {
                add_product(dx, du.mat(), View::of(pair.a).mat(), pair.scale);
            }
        }
    }
    grads[1] = wanted[1].then(|| multiply(dy.mat().t(), x.mat()));
    grads[0] = dx.map(|dx| tensor(dx, sizes::<2>(&saved.x)));
}
