//! The forward pass: a running softmax over tiles of the vocabulary.

use burn_flex::FlexTensor;

use super::tiles::{COST_OF_EXP, ROWS, TOKENS, logits, steps};
use super::{RowStats, TokenLogProbs};
use crate::bridge::tensor;
use crate::kernel::simd::{Simd, dispatch};
use crate::kernel::threads;
use crate::kernel::vector::{self, exp, total};
use crate::linear::View;

/// The output `[2, rows]` (log-probabilities, entropies) and what backward needs of every row.
pub(super) fn run(operation: &TokenLogProbs, hidden: &View, head: &View) -> (FlexTensor, Vec<RowStats>) {
    let (hidden, head) = (hidden.mat(), head.mat());
    let mut states: Vec<_> = operation.targets.iter().map(|&target| State::new(target)).collect();
    let mut scratch = vec![0.0; ROWS.min(hidden.rows) * TOKENS.min(head.rows)];
    for rows in steps(hidden.rows, ROWS) {
        let left = hidden.slice_rows(rows.start, rows.len());
        for tokens in steps(head.rows, TOKENS) {
            let right = head.slice_rows(tokens.start, tokens.len());
            let tile = logits(operation, left, right, &tokens, &mut scratch);
            let work = tile.len() * COST_OF_EXP;
            threads::for_rows_with(tile, &mut states[rows.clone()], work, |z, state| {
                state.add(z, tokens.start)
            });
        }
    }
    let stats = states.iter().map(State::stats);
    let stats: Vec<RowStats> = stats.collect();
    let log_probs = states.iter().zip(&stats).map(|(state, stats)| state.chosen - stats.log_sum);
    let output: Vec<f32> = log_probs.chain(stats.iter().map(|stats| stats.entropy)).collect();
    (tensor(output, [2, hidden.rows]), stats)
}

/// Sums over the part of a row seen so far.
struct State {
    target: usize,
    /// The target's logit.
    chosen: f32,
    max: f32,
    /// `Σ e^(z - max)`
    sum: f32,
    /// `Σ e^(z - max) (z - max)`
    weighted: f32,
}

impl State {
    fn new(target: usize) -> Self {
        Self { target, chosen: f32::NEG_INFINITY, max: f32::NEG_INFINITY, sum: 0.0, weighted: 0.0 }
    }

    fn add(&mut self, z: &[f32], first: usize) {
        if let Some(&chosen) = self.target.checked_sub(first).and_then(|i| z.get(i)) {
            self.chosen = chosen;
        }
        let max = vector::max(z);
        if max > self.max {
            // Nothing was summed yet if the old maximum is infinite.
            let shift = if self.sum == 0.0 { 0.0 } else { self.max - max };
            self.weighted = (self.weighted + shift * self.sum) * shift.exp();
            self.sum *= shift.exp();
            self.max = max;
        }
        let [sum, weighted] = sums(z, if self.max == f32::NEG_INFINITY { 0.0 } else { self.max });
        self.sum += sum;
        self.weighted += weighted;
    }

    fn stats(&self) -> RowStats {
        let log = self.sum.ln();
        let entropy = if self.sum == 0.0 { 0.0 } else { log - self.weighted / self.sum };
        RowStats { log_sum: self.max + log, entropy }
    }
}

dispatch! {
    /// `Σ e^(z - shift)` and `Σ e^(z - shift) (z - shift)`.
    fn sums(z: &[f32], shift: f32) -> [f32; 2] = sums_body
}

/// Stands for minus infinity where a product with zero must be zero.
pub(super) const VERY_LOW: f32 = -1e30;

#[inline(always)]
fn sums_body<S: Simd>(z: &[f32], shift: f32) -> [f32; 2] {
    let (blocks, rest) = z.as_chunks::<16>();
    let (mut sums, mut weighted) = ([0.0; 16], [0.0; 16]);
    for block in blocks {
        for i in 0..16 {
            let z = block[i] - shift;
            let e = exp::<S>(z);
            sums[i] += e;
            weighted[i] = S::fma(e, z.max(VERY_LOW), weighted[i]);
        }
    }
    let mut ends = [total(sums), total(weighted)];
    for &z in rest {
        let z = z - shift;
        let e = exp::<S>(z);
        ends[0] += e;
        ends[1] += e * z.max(VERY_LOW);
    }
    ends
}
