//! The backward pass: logits are made again tile by tile.

use burn_flex::FlexTensor;

use super::forward::VERY_LOW;
use super::tiles::{COST_OF_EXP, ROWS, TOKENS, logits, steps};
use super::{RowStats, Saved, TokenLogProbs};
use crate::bridge::{dense, floats, sizes, tensor};
use crate::kernel::matrix::{Mat, MatMut, Onto, Threads, product};
use crate::kernel::simd::{Simd, dispatch};
use crate::kernel::threads;
use crate::kernel::vector::exp;
use crate::linear::View;

/// Gradients of the hidden states and of the head.
pub(super) fn run(
    operation: &TokenLogProbs,
    saved: Saved,
    output_grad: FlexTensor,
    wanted: [bool; 2],
) -> [Option<FlexTensor>; 2] {
    let shapes = [sizes::<2>(&saved.hidden), sizes::<2>(&saved.head)];
    let output_grad = dense(output_grad);
    let mut rows = row_grads(operation, &saved.rows, floats(&output_grad));
    let (hidden, head) = (View::of(saved.hidden), View::of(saved.head));
    let zeros = |i: usize| wanted[i].then(|| vec![0.0; shapes[i][0] * shapes[i][1]]);
    let mut grads = [zeros(0), zeros(1)];
    let mut pass = Pass { operation, hidden: hidden.mat(), head: head.mat(), grads: &mut grads };
    pass.tiles(&mut rows);
    let [dhidden, dhead] = grads;
    [dhidden.map(|g| tensor(g, shapes[0])), dhead.map(|g| tensor(g, shapes[1]))]
}

/// A row's distribution and the gradients of its two outputs.
#[derive(Clone, Copy)]
struct RowGrad {
    target: usize,
    stats: RowStats,
    log_prob: f32,
    entropy: f32,
}

fn row_grads(operation: &TokenLogProbs, stats: &[RowStats], output_grad: &[f32]) -> Vec<RowGrad> {
    let (log_prob, entropy) = output_grad.split_at(stats.len());
    let grads = log_prob.iter().zip(entropy).zip(stats.iter().zip(&operation.targets));
    let grad = |((&log_prob, &entropy), (&stats, &target)): ((&f32, &f32), (&RowStats, &usize))| {
        let forbidden = operation.forbidden.binary_search(&target).is_ok();
        RowGrad { target, stats, log_prob: if forbidden { 0.0 } else { log_prob }, entropy }
    };
    grads.map(grad).collect()
}

struct Pass<'a> {
    operation: &'a TokenLogProbs,
    hidden: Mat<'a>,
    head: Mat<'a>,
    grads: &'a mut [Option<Vec<f32>>; 2],
}

impl Pass<'_> {
    fn tiles(&mut self, grads: &mut [RowGrad]) {
        let mut scratch = vec![0.0; ROWS.min(self.hidden.rows) * TOKENS.min(self.head.rows)];
        for rows in steps(self.hidden.rows, ROWS) {
            let hidden = self.hidden.slice_rows(rows.start, rows.len());
            for tokens in steps(self.head.rows, TOKENS) {
                let head = self.head.slice_rows(tokens.start, tokens.len());
                let tile = logits(self.operation, hidden, head, &tokens, &mut scratch);
                let work = tile.len() * COST_OF_EXP;
                threads::for_rows_with(tile, &mut grads[rows.clone()], work, |z, grad| {
                    logit_grads(z, grad, tokens.start);
                });
                let dz = Mat::new(tile, rows.len(), tokens.len());
                self.accumulate(dz, [hidden, head], [rows.start, tokens.start]);
            }
        }
    }

    /// `dH += dz E / T`, `dE += dzᵀ H / T`
    fn accumulate(&mut self, dz: Mat<'_>, [hidden, head]: [Mat<'_>; 2], [row, token]: [usize; 2]) {
        let (width, inverse) = (self.hidden.cols, 1.0 / self.operation.temperature);
        if let Some(grad) = &mut self.grads[0] {
            let dst = MatMut::new(&mut grad[row * width..], width);
            product(dst, Onto::Add, dz, head, inverse, Threads::All);
        }
        if let Some(grad) = &mut self.grads[1] {
            let dst = MatMut::new(&mut grad[token * width..], width);
            product(dst, Onto::Add, dz.t(), hidden, inverse, Threads::All);
        }
    }
}

/// Replaces the logits of a row by their gradients; `first` is the token of `z[0]`.
fn logit_grads(z: &mut [f32], grad: &RowGrad, first: usize) {
    if grad.stats.log_sum == f32::NEG_INFINITY {
        return z.fill(0.0);
    }
    spread(z, grad);
    if let Some(dz) = grad.target.checked_sub(first).and_then(|i| z.get_mut(i)) {
        *dz += grad.log_prob;
    }
}

dispatch! {
    /// `z ← -p (g + g' (log p + entropy))`
    fn spread(z: &mut [f32], grad: &RowGrad) = spread_body
}

#[inline(always)]
fn spread_body<S: Simd>(z: &mut [f32], grad: &RowGrad) {
    let RowGrad { stats, log_prob, entropy, .. } = *grad;
    for z in z {
        let log_p = *z - stats.log_sum;
        let slope = S::fma(entropy, log_p.max(VERY_LOW) + stats.entropy, log_prob);
        *z = -exp::<S>(log_p) * slope;
    }
}
