//! The backward pass.

use burn_flex::FlexTensor;

use super::{Pair, Saved, add_product, merge, scaled};
use crate::bridge::{sizes, tensor};
use crate::kernel::pairs::Summed;
use crate::linear::{self, View, multiply};
use crate::{Arithmetic, stored};

/// Fills in the gradients of all inputs but the bias. The input's and the adapters' are made side by side: an adapter's
/// products are too narrow to be shared between threads.
pub(super) fn run(saved: &Saved, dy: &View, wanted: &[bool], grads: &mut [Option<FlexTensor>]) {
    let adapters = &wanted[2..2 + 2 * saved.pairs.len()];
    let (input, found) = if saved.low.len() == saved.pairs.len() {
        let du = rank_grads(saved, dy);
        rayon::join(
            || wanted[0].then(|| apart_input_grad(saved, dy, &du)),
            || low_rank_grads(saved, dy, &du, adapters),
        )
    } else if saved.is_narrow() {
        let dv = View::of(multiply(dy.mat().t(), View::of(saved.x.clone()).mat()));
        (wanted[0].then(|| merged_input_grad(saved, dy)), narrow_grads(saved, &dv, adapters))
    } else {
        rayon::join(
            || wanted[0].then(|| merged_input_grad(saved, dy)),
            || low_rank_grads(saved, dy, &rank_grads(saved, dy), adapters),
        )
    };
    grads[0] = input;
    grads[1] = wanted[1].then(|| multiply(dy.mat().t(), View::of(saved.x.clone()).mat()));
    grads[2..2 + found.len()].clone_from_slice(&found);
}

/// `dU / s = dY B` of every adapter.
fn rank_grads(saved: &Saved, dy: &View) -> Vec<View> {
    let of = |pair: &Pair| View::of(multiply(dy.mat(), View::of(pair.b.clone()).mat()));
    saved.pairs.iter().map(of).collect()
}

/// `dX = dY W + Σ dU A`
fn apart_input_grad(saved: &Saved, dy: &View, du: &[View]) -> FlexTensor {
    let mut dx = stored::many(dy, &saved.weight, Summed::Rows, saved.arithmetic);
    for (pair, du) in saved.pairs.iter().zip(du) {
        add_product(&mut dx, du.mat(), View::of(pair.a.clone()).mat(), pair.scale);
    }
    tensor(dx, sizes::<2>(&saved.x))
}

/// `dX = dY V`; the weight is merged again, so that no copy of it lives between the passes.
fn merged_input_grad(saved: &Saved, dy: &View) -> FlexTensor {
    linear::input_grad(dy, &merge(&saved.weight, &saved.pairs), Arithmetic::Full)
}

/// `dA = dUᵀ X` and `dB = s dYᵀ (X Aᵀ)` of every adapter, in this order.
fn low_rank_grads(saved: &Saved, dy: &View, du: &[View], wanted: &[bool]) -> Vec<Option<FlexTensor>> {
    let x = View::of(saved.x.clone());
    let low = |i: usize, a: &FlexTensor| {
        View::of(
            saved.low.get(i).cloned().unwrap_or_else(|| multiply(x.mat(), View::of(a.clone()).mat().t())),
        )
    };
    let pairs = saved.pairs.iter().zip(du).zip(wanted.chunks_exact(2)).enumerate();
    let of = |(i, ((pair, du), wanted)): (usize, ((&Pair, &View), &[bool]))| {
        [
            wanted[0].then(|| scaled(du.mat().t(), x.mat(), pair.scale)),
            wanted[1].then(|| scaled(dy.mat().t(), low(i, &pair.a).mat(), pair.scale)),
        ]
    };
    pairs.flat_map(of).collect()
}

/// `dA = s Bᵀ dV` and `dB = s dV Aᵀ` of every adapter, in this order.
fn narrow_grads(saved: &Saved, dv: &View, wanted: &[bool]) -> Vec<Option<FlexTensor>> {
    let of = |(pair, wanted): (&Pair, &[bool])| {
        let (a, b) = (View::of(pair.a.clone()), View::of(pair.b.clone()));
        [
            wanted[0].then(|| scaled(b.mat().t(), dv.mat(), pair.scale)),
            wanted[1].then(|| scaled(dv.mat(), a.mat().t(), pair.scale)),
        ]
    };
    saved.pairs.iter().zip(wanted.chunks_exact(2)).flat_map(of).collect()
}

impl Saved {
    /// Whether one product for the gradient of the whole weight costs less than four of an adapter's rank, which run at
    /// half its speed.
    fn is_narrow(&self) -> bool {
        let ([rows, inner], [outer, _]) = (sizes(&self.x), sizes(&self.weight));
        let rank: usize = self.pairs.iter().map(|pair| sizes::<2>(&pair.a)[0]).sum();
        inner * outer * (rows + 2 * rank) < 4 * rows * rank * (inner + outer)
    }
}
