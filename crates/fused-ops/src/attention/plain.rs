//! Attention in burn's own operations: segments of equal shape become one batch.

use std::ops::Range;

use burn::tensor::activation::softmax;
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, Tensor};

use super::batches::{Batch, Batches, KeyIndex, Place};
use super::plan::AttentionPlan;
use crate::widen::{assert_wide, is_half, narrow, widen};

/// Most scores that exist at one time: 256 MiB of them in f32.
const MOST_SCORES: usize = 1 << 26;

/// [`attention`](fn@crate::attention) in burn's own operations.
///
/// Works on any device: segments of equal shape are gathered into one batch. Indices and masks are made once for a plan
/// and a device, not for each layer.
///
/// Softmax is computed in f32, and numbers of 32 bits are never rounded on the way to it: burn's accelerated kernels, which
/// multiply 16-bit floats whatever they are given, only take several queries of 16-bit floats without a gradient tape.
pub fn plain(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>, plan: &AttentionPlan, scale: f32) -> Tensor<3> {
    plan.with_batches(Place::of(&q, &k), |batches| attend(q, k, v, batches, scale))
}

fn attend(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>, plan: &Batches, scale: f32) -> Tensor<3> {
    let ([_, heads, head], device, dtype) = (q.dims(), q.device(), q.dtype());
    let blank = plan.blank.then(|| Tensor::zeros([1, heads, head], (&device, dtype)));
    let outputs = plan.batches.iter().map(|batch| batch.attend([&q, &k, &v], scale));
    let mut outputs: Vec<Tensor<3>> = blank.into_iter().chain(outputs).collect();
    match outputs.len() {
        0 => q,
        1 => plan.order.take(outputs.remove(0)),
        _ => plan.order.take(Tensor::cat(outputs, 0)),
    }
}

impl Batch {
    /// Output rows `[segments · queries, heads, head]`.
    fn attend(&self, [q, k, v]: [&Tensor<3>; 3], scale: f32) -> Tensor<3> {
        let ([_, heads, head], [_, kv, _]) = (q.dims(), k.dims());
        let group = heads / kv;
        let [k, v] = [k, v].map(|x| self.by_head(x));
        let q = self.query_rows.take(q.clone()).reshape([self.segments, self.queries, kv, group, head]);
        let q = q.permute([0, 2, 3, 1, 4]);
        let accelerated = is_half(q.dtype()) && self.queries > 1 && !q.device().is_autodiff();
        let output = if accelerated { self.accelerated(q, k, v, scale) } else { self.exact(q, k, v, scale) };
        output.permute([0, 3, 1, 2, 4]).reshape([self.segments * self.queries, heads, head])
    }

    /// Keys or values `[segments, kv, keys, head]`.
    fn by_head(&self, x: &Tensor<3>) -> Tensor<4> {
        let [rows, kv, head] = x.dims();
        match &self.key_rows {
            KeyIndex::Rows(index) => {
                index.take(x.clone()).reshape([self.segments, self.keys, kv, head]).swap_dims(1, 2)
            }
            KeyIndex::HeadRows(index) => {
                let x = x.clone().reshape([rows * kv, head]).select(0, index.clone());
                x.reshape([self.segments, kv, self.keys, head])
            }
        }
    }

    /// Attention of `q`, `[segments, kv, group, queries, head]`, by whichever of burn's kernels is the fastest. They know
    /// no groups, so that keys and values are repeated.
    fn accelerated(&self, q: Tensor<5>, k: Tensor<4>, v: Tensor<4>, scale: f32) -> Tensor<5> {
        let [segments, kv, group, queries, head] = q.dims();
        let expand = |x: Tensor<4>| {
            let x = x.unsqueeze_dim::<5>(2).expand([segments, kv, group, self.keys, head]);
            x.reshape([segments, kv * group, self.keys, head])
        };
        // Accelerated kernels take only the default scale, so it is named only when it differs.
        let usual = 1.0 / (head as f64).sqrt();
        let scale = Some(f64::from(scale)).filter(|scale| (scale / usual - 1.0).abs() > 1e-6);
        let options = AttentionModuleOptions { scale, softcap: None, is_causal: self.causal };
        let q = q.reshape([segments, kv * group, queries, head]);
        attention(q, expand(k), expand(v), None, None, options).reshape([segments, kv, group, queries, head])
    }

    /// The same with scores in f32, a limited number of them at a time.
    fn exact(&self, q: Tensor<5>, k: Tensor<4>, v: Tensor<4>, scale: f32) -> Tensor<5> {
        let each = self.segments * k.dims()[1] * q.dims()[2] * self.keys;
        let together = (MOST_SCORES / each).clamp(1, self.queries);
        if together == self.queries {
            return self.exact_part(q, [&k, &v], 0..self.queries, scale);
        }
        let parts = (0..self.queries).step_by(together).map(|first| {
            let part = first..self.queries.min(first + together);
            self.exact_part(q.clone().narrow(3, part.start, part.len()), [&k, &v], part, scale)
        });
        Tensor::cat(parts.collect(), 3)
    }

    /// `part` of the queries. The heads of a group are rows of one matrix product with their keys.
    fn exact_part(&self, q: Tensor<5>, [k, v]: [&Tensor<4>; 2], part: Range<usize>, scale: f32) -> Tensor<5> {
        let ([segments, kv, group, queries, head], keys, dtype) = (q.dims(), self.keys, q.dtype());
        let q = q.reshape([segments, kv, group * queries, head]);
        let scores = widen(q.matmul(k.clone().transpose())).mul_scalar(scale);
        let scores = match &self.padding {
            None => scores,
            Some(padding) => {
                let padding = padding.clone().expand([segments, kv, group * queries, keys]);
                scores.mask_fill(padding, f32::NEG_INFINITY)
            }
        };
        let scores = if self.causal { self.hide_later(scores, group, part) } else { scores };
        assert_wide(&scores);
        let output = narrow(softmax(scores, 3), dtype).matmul(v.clone());
        output.reshape([segments, kv, group, queries, head])
    }

    /// Scores of later keys become minus infinity.
    fn hide_later(&self, scores: Tensor<4>, group: usize, part: Range<usize>) -> Tensor<4> {
        let [segments, kv, rows, keys] = scores.dims();
        let first_unseen = (keys - self.queries + part.start) as i64;
        let later = Tensor::<2, Bool>::tril_mask([part.len(), keys], first_unseen, &scores.device());
        let shape = [segments, kv, group, part.len(), keys];
        let scores = scores.reshape(shape).mask_fill(later.unsqueeze::<5>().expand(shape), f32::NEG_INFINITY);
        scores.reshape([segments, kv, rows, keys])
    }
}
