//! Attention in burn's own operations: segments of similar shape become one batch.

use std::ops::Range;

use burn::tensor::activation::softmax;
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, FloatDType, Tensor};

use super::batches::{Batch, Batches, KeyIndex, Place};
use super::plan::AttentionPlan;
use super::shapes::Kernels;
use crate::widen::{assert_wide, narrow, widen};

/// Most scores that exist at one time: 256 MiB of them in f32.
pub(super) const MOST_SCORES: usize = 1 << 26;

/// [`attention`](fn@crate::attention) in burn's own operations.
///
/// Works on any device: segments of similar shape are gathered into one batch, padded at the end. Indices, and masks of
/// padding, are made once for a plan and a device, not for each layer.
///
/// Softmax is computed in f32, and numbers of 32 bits are never rounded on the way to it: burn's accelerated kernel, which
/// multiplies f16, only takes many queries of 16-bit floats, on devices with matrix units.
pub fn plain(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>, plan: &AttentionPlan, scale: f32) -> Tensor<3> {
    plan.with_batches(Place::of(&q, &k), |batches| attend(q, k, v, batches, scale))
}

pub(super) fn attend(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>, plan: &Batches, scale: f32) -> Tensor<3> {
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
        let [_, kv, head] = k.dims();
        let q = self.by_group(q, kv);
        let [k, v] = [k, v].map(|x| self.by_head(x));
        let output = match self.shape.kernels {
            Kernels::Accelerated if is_usual(scale, head) => self.accelerated(q, k, v),
            Kernels::Accelerated | Kernels::Separate => self.exact(q, k, v, scale),
        };
        self.by_row(output)
    }

    /// Queries, or what belongs to them, as `[segments, kv, group, queries, head]`.
    pub(super) fn by_group(&self, x: &Tensor<3>, kv: usize) -> Tensor<5> {
        let [_, heads, head] = x.dims();
        let x = self.query_rows.take(x.clone());
        x.reshape([self.segments, self.shape.queries, kv, heads / kv, head]).permute([0, 2, 3, 1, 4])
    }

    /// The same as `[segments · queries, heads, head]`.
    pub(super) fn by_row(&self, x: Tensor<5>) -> Tensor<3> {
        let [segments, kv, group, queries, head] = x.dims();
        x.permute([0, 3, 1, 2, 4]).reshape([segments * queries, kv * group, head])
    }

    /// Keys or values `[segments, kv, keys, head]`.
    pub(super) fn by_head(&self, x: &Tensor<3>) -> Tensor<4> {
        let [rows, kv, head] = x.dims();
        match &self.key_rows {
            KeyIndex::Rows(index) => {
                index.take(x.clone()).reshape([self.segments, self.shape.keys, kv, head]).swap_dims(1, 2)
            }
            KeyIndex::HeadRows(index) => {
                let x = x.clone().reshape([rows * kv, head]).select(0, index.clone());
                x.reshape([self.segments, kv, self.shape.keys, head])
            }
        }
    }

    /// Attention of `q`, `[segments, kv, group, queries, head]`, by burn's kernel for matrix units. It knows no groups, so that
    /// keys and values are repeated, and of 16-bit floats only those with a fraction of ten bits.
    fn accelerated(&self, q: Tensor<5>, k: Tensor<4>, v: Tensor<4>) -> Tensor<5> {
        let ([segments, kv, group, queries, head], dtype) = (q.dims(), q.dtype());
        let expand = |x: Tensor<4>| {
            let x = x.cast(FloatDType::F16).unsqueeze_dim::<5>(2);
            let x = x.expand([segments, kv, group, self.shape.keys, head]);
            x.reshape([segments, kv * group, self.shape.keys, head])
        };
        let options = AttentionModuleOptions { scale: None, softcap: None, is_causal: self.shape.causal };
        let q = q.cast(FloatDType::F16).reshape([segments, kv * group, queries, head]);
        let output = attention(q, expand(k), expand(v), None, None, options);
        narrow(output, dtype).reshape([segments, kv, group, queries, head])
    }

    /// The same with scores in f32, a limited number of them at a time.
    fn exact(&self, q: Tensor<5>, k: Tensor<4>, v: Tensor<4>, scale: f32) -> Tensor<5> {
        let parts = self.parts(&q, MOST_SCORES);
        if parts.len() == 1 {
            return self.exact_part(q, [&k, &v], 0..self.shape.queries, scale);
        }
        let parts = parts
            .into_iter()
            .map(|part| self.exact_part(q.clone().narrow(3, part.start, part.len()), [&k, &v], part, scale));
        Tensor::cat(parts.collect(), 3)
    }

    /// The queries in parts of which each has `most` scores, or is one query.
    pub(super) fn parts(&self, q: &Tensor<5>, most: usize) -> Vec<Range<usize>> {
        let queries = self.shape.queries;
        let each = q.dims()[..3].iter().product::<usize>() * self.shape.keys;
        let together = (most / each).clamp(1, queries);
        (0..queries).step_by(together).map(|first| first..queries.min(first + together)).collect()
    }

    /// `part` of the queries. The heads of a group are rows of one matrix product with their keys.
    fn exact_part(&self, q: Tensor<5>, [k, v]: [&Tensor<4>; 2], part: Range<usize>, scale: f32) -> Tensor<5> {
        let (shape, dtype) = (q.dims(), q.dtype());
        let p = self.probabilities(q, k, part, scale);
        narrow(p, dtype).matmul(v.clone()).reshape(shape)
    }

    /// `softmax(scale · q Kᵀ)` of `part` of the queries, in f32, `[segments, kv, group · queries, keys]`.
    ///
    /// Scores of 16-bit floats are sums in f32, too: rounded to eight bits, one of 20 would be off by 0.06, and its
    /// probability by as large a share. Only single queries, which wait for their keys to be read, meet them as they are.
    pub(super) fn probabilities(
        &self,
        q: Tensor<5>,
        k: &Tensor<4>,
        part: Range<usize>,
        scale: f32,
    ) -> Tensor<4> {
        let ([segments, kv, group, queries, head], keys) = (q.dims(), self.shape.keys);
        let q = q.reshape([segments, kv, group * queries, head]);
        let k = k.clone().transpose();
        let scores = if self.shape.queries > 1 { widen(q).matmul(widen(k)) } else { widen(q.matmul(k)) };
        let scores = scores.mul_scalar(scale);
        let scores = match &self.padding {
            None => scores,
            Some(padding) => {
                let padding = padding.clone().expand([segments, kv, group * queries, keys]);
                scores.mask_fill(padding, f32::NEG_INFINITY)
            }
        };
        let scores = if self.shape.causal { self.hide_later(scores, group, part) } else { scores };
        assert_wide(&scores);
        softmax(scores, 3)
    }

    /// Scores of later keys become minus infinity.
    fn hide_later(&self, scores: Tensor<4>, group: usize, part: Range<usize>) -> Tensor<4> {
        let [segments, kv, rows, keys] = scores.dims();
        let first_unseen = (keys - self.shape.queries + part.start) as i64;
        let later = Tensor::<2, Bool>::tril_mask([part.len(), keys], first_unseen, &scores.device());
        let shape = [segments, kv, group, part.len(), keys];
        let scores = scores.reshape(shape).mask_fill(later.unsqueeze::<5>().expand(shape), f32::NEG_INFINITY);
        scores.reshape([segments, kv, rows, keys])
    }
}

/// Whether scores are divided by the root of a head's size, as accelerated kernels do.
fn is_usual(scale: f32, head: usize) -> bool {
    (f64::from(scale) * (head as f64).sqrt() - 1.0).abs() < 1e-6
}

#[cfg(test)]
mod tests {
    use super::super::{KeyRows, Segment, Visibility};
    use super::*;
    use burn::tensor::{DType, Device, TensorData};

    const SHAPE: [usize; 3] = [143, 2, 16];

    fn input(seed: usize) -> Tensor<3> {
        let numbers = (0..SHAPE.iter().product())
            .map(|i: usize| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0);
        let numbers = TensorData::new(numbers.collect::<Vec<_>>(), SHAPE);
        Tensor::from_data(numbers, (&Device::flex(), DType::BF16))
    }

    fn plans() -> [AttentionPlan; 3] {
        let cached = |at, queries: usize, keys| Segment {
            queries: at..at + queries,
            keys: vec![KeyRows::contiguous(0, 20), KeyRows::contiguous(30, keys)],
            visibility: Visibility::Causal,
        };
        let cached = vec![cached(0, 40, 60), cached(40, 60, 80), cached(100, 43, 3)];
        [
            AttentionPlan::sequences(&[30, 70, 9, 33, 1], Visibility::Causal),
            AttentionPlan::sequences(&[64, 64, 4, 11], Visibility::Full),
            AttentionPlan::new(cached, SHAPE[0], SHAPE[0]).unwrap(),
        ]
    }

    /// The CPU has no matrix units, but the operations are the same.
    #[test]
    fn whole_stages_on_matrix_units_give_what_separate_operations_give() {
        let [q, k, v] = [1, 2, 3].map(input);
        for plan in plans() {
            let place = Place { units: Some(16), ..Place::of(&q, &k) };
            let found = plan.with_batches(place, |batches| {
                assert!(batches.batches.iter().any(|batch| batch.shape.kernels == Kernels::Accelerated));
                attend(q.clone(), k.clone(), v.clone(), batches, 0.25)
            });
            let [q, k, v] = [&q, &k, &v].map(|x| x.clone().cast(DType::F32));
            let expected = plain(q, k, v, &plan, 0.25);
            assert_eq!(found.dtype(), DType::BF16);
            let [found, expected] = [found, expected].map(|x| x.into_data().convert_dtype(DType::F32));
            let pairs = found.iter::<f32>().zip(expected.iter::<f32>());
            let most = pairs.map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max);
            assert!(most < 1e-2, "{most}");
        }
    }
}
