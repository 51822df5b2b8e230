//! Attention in burn's own operations: segments of equal shape become one batch.

use std::collections::BTreeMap;

use burn::tensor::activation::softmax;
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use super::plan::{AttentionPlan, Segment, Visibility};
use crate::widen::{assert_wide, is_half, narrow, widen};

/// Keys of single queries are padded to a multiple of this, so that a growing cache meets few distinct shapes.
const KEY_BUCKET: usize = 64;

/// [`attention`](fn@crate::attention) in burn's own operations.
///
/// Works on any device: segments of equal shape are gathered into one batch, key-value heads are repeated for their
/// group, and only single queries over a cache need a mask.
pub fn plain(q: Tensor<3>, k: Tensor<3>, v: Tensor<3>, plan: &AttentionPlan, scale: f32) -> Tensor<3> {
    let device = q.device();
    let [rows, heads, head] = q.dims();
    let mut order = vec![0; rows];
    let mut outputs = vec![Tensor::zeros([1, heads, head], (&device, q.dtype()))];
    let mut done = 1;
    for (shape, batch) in batches(plan) {
        for row in batch.iter().flat_map(|segment| shape.query_rows(segment)) {
            order[row] = done;
            done += 1;
        }
        outputs.push(attend(&shape, &batch, [&q, &k, &v], scale));
    }
    Tensor::cat(outputs, 0).select(0, indices(order.into_iter(), &device))
}

/// What segments must have in common to form one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct BatchShape {
    queries: usize,
    keys: usize,
    causal: bool,
    padded: bool,
}

impl BatchShape {
    /// `None` for a segment without output.
    fn of(segment: &Segment) -> Option<Self> {
        let keys = segment.key_count();
        let causal = segment.visibility == Visibility::Causal;
        // A causal query before the first key sees nothing and is left out.
        let queries = if causal { segment.queries.len().min(keys) } else { segment.queries.len() };
        match (queries, keys) {
            (0, _) | (_, 0) => None,
            (1, _) => Some(Self {
                queries: 1,
                keys: keys.next_multiple_of(KEY_BUCKET),
                causal: false,
                padded: true,
            }),
            _ => Some(Self { queries, keys, causal, padded: false }),
        }
    }

    fn query_rows(&self, segment: &Segment) -> std::ops::Range<usize> {
        segment.queries.end - self.queries..segment.queries.end
    }
}

fn batches(plan: &AttentionPlan) -> BTreeMap<BatchShape, Vec<&Segment>> {
    let mut batches = BTreeMap::<_, Vec<_>>::new();
    for segment in plan.segments() {
        if let Some(shape) = BatchShape::of(segment) {
            batches.entry(shape).or_default().push(segment);
        }
    }
    batches
}

/// Output rows `[segments · queries, heads, head]` of one batch.
fn attend(shape: &BatchShape, batch: &[&Segment], [q, k, v]: [&Tensor<3>; 3], scale: f32) -> Tensor<3> {
    let device = q.device();
    let ([_, heads, head], [_, kv, _]) = (q.dims(), k.dims());
    let rows = indices(batch.iter().flat_map(|s| shape.query_rows(s)), &device);
    let q = q.clone().select(0, rows).reshape([batch.len(), shape.queries, heads, head]).swap_dims(1, 2);
    let rows = indices(batch.iter().flat_map(|s| key_rows(s, shape.keys)), &device);
    let expand = |x: &Tensor<3>| {
        let x = x.clone().select(0, rows.clone()).reshape([batch.len(), shape.keys, kv, 1, head]);
        let x = x.expand([batch.len(), shape.keys, kv, heads / kv, head]);
        x.reshape([batch.len(), shape.keys, heads, head]).swap_dims(1, 2)
    };
    let mask = shape.padded.then(|| padding(batch, shape.keys, heads, &device));
    if is_half(q.dtype()) && (shape.padded || device.is_autodiff()) {
        let output = exact_softmax(q, expand(k), expand(v), Seen { mask, causal: shape.causal }, scale);
        return output.swap_dims(1, 2).reshape([batch.len() * shape.queries, heads, head]);
    }
    // Accelerated kernels take only the default scale, so it is named only when it differs.
    let usual = 1.0 / (head as f64).sqrt();
    let scale = Some(f64::from(scale)).filter(|scale| (scale / usual - 1.0).abs() > 1e-6);
    let options = AttentionModuleOptions { scale, softcap: None, is_causal: shape.causal };
    let output = attention(q, expand(k), expand(v), mask, None, options);
    output.swap_dims(1, 2).reshape([batch.len() * shape.queries, heads, head])
}

/// What queries may look at.
struct Seen {
    /// True where a key is padding.
    mask: Option<Tensor<4, Bool>>,
    /// The last query sees all keys, the one before it one fewer.
    causal: bool,
}

/// Attention on 16-bit floats whose softmax is computed in f32, where burn has no kernel that does so: with a gradient tape,
/// and for single queries, whose scores are few.
fn exact_softmax(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, seen: Seen, scale: f32) -> Tensor<4> {
    let dtype = q.dtype();
    let ([_, _, queries, _], [_, _, keys, _]) = (q.dims(), k.dims());
    let scores = widen(q.matmul(k.transpose())).mul_scalar(scale);
    let scores = seen.mask.into_iter().fold(scores, |scores, mask| scores.mask_fill(mask, f32::NEG_INFINITY));
    let later = Tensor::<2, Bool>::tril_mask([queries, keys], (keys - queries) as i64, &scores.device());
    let scores = if seen.causal { scores.mask_fill(later.unsqueeze(), f32::NEG_INFINITY) } else { scores };
    assert_wide(&scores);
    narrow(softmax(scores, 3), dtype).matmul(v)
}

/// The key rows of a segment, repeated at the end to make `count`.
fn key_rows(segment: &Segment, count: usize) -> impl Iterator<Item = usize> {
    let last = segment.keys.iter().rev().find(|run| run.len > 0).map_or(0, |run| run.start);
    segment.keys.iter().flat_map(|run| run.iter()).chain(std::iter::repeat(last)).take(count)
}

/// True where a key is padding, `[segments, heads, 1, keys]`.
fn padding(batch: &[&Segment], keys: usize, heads: usize, device: &Device) -> Tensor<4, Bool> {
    let flags: Vec<bool> =
        batch.iter().map(|s| s.key_count()).flat_map(|real| (0..keys).map(move |i| i >= real)).collect();
    let mask = Tensor::<4, Bool>::from_data(TensorData::new(flags, [batch.len(), 1, 1, keys]), device);
    mask.expand([batch.len(), heads, 1, keys])
}

fn indices(rows: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let rows: Vec<i64> = rows.map(|row| row as i64).collect();
    let count = rows.len();
    Tensor::from_data(TensorData::new(rows, [count]), device)
}
