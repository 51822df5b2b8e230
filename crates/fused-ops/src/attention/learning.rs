//! The backward pass on any device: scores are made again, of a limited number of queries at a time, and none are kept.

use std::ops::Range;

use burn::tensor::{DType, Tensor};

use super::Attention;
use super::batches::{Batch, Batches, KeyIndex, Place};
use super::plain::{MOST_SCORES, attend};
use crate::composed::Composed;
use crate::widen::{is_half, narrow, widen};

/// Most probabilities that exist at one time: beside them are their gradients and those of the scores.
const MOST_PROBABILITIES: usize = MOST_SCORES / 4;

/// Matrices with all heads of a row side by side.
impl Composed<3> for Attention {
    type Saved = [Tensor<2>; 3];

    fn forward(&self, inputs: [Tensor<2>; 3]) -> (Tensor<2>, [Tensor<2>; 3]) {
        let shape = inputs[0].dims();
        let [q, k, v] = inputs.clone().map(|x| self.by_head(x));
        let place = Place::with_gradients(&q, &k);
        let output = self.plan.with_batches(place, |batches| attend(q, k, v, batches, self.scale));
        (output.reshape(shape), inputs)
    }

    fn backward(
        &self,
        saved: [Tensor<2>; 3],
        output_grad: Tensor<2>,
        wanted: [bool; 3],
    ) -> [Option<Tensor<2>>; 3] {
        let dtype = saved[0].dtype();
        let [q, k, v] = saved.map(|x| self.by_head(x));
        let place = Place::with_gradients(&q, &k);
        let output_grad = self.by_head(output_grad);
        let pass = Pass { q, k, v, output_grad, scale: self.scale, most: MOST_PROBABILITIES };
        let grads = self.plan.with_batches(place, |batches| pass.run(batches));
        let [q, k, v] = grads.map(|grad| {
            let [rows, heads, head] = grad.dims();
            narrow(grad.reshape([rows, heads * head]), dtype)
        });
        [wanted[0].then_some(q), wanted[1].then_some(k), wanted[2].then_some(v)]
    }
}

impl Attention {
    /// `[rows, heads, head]`
    fn by_head(&self, x: Tensor<2>) -> Tensor<3> {
        let [rows, width] = x.dims();
        x.reshape([rows, width / self.head, self.head])
    }
}

/// What went in, and the gradient of what came out.
struct Pass {
    q: Tensor<3>,
    k: Tensor<3>,
    v: Tensor<3>,
    output_grad: Tensor<3>,
    scale: f32,
    /// Most probabilities at one time, if those of one query of each segment are fewer.
    most: usize,
}

impl Pass {
    /// The gradients of queries, keys and values; sums over segments are made in f32.
    fn run(&self, plan: &Batches) -> [Tensor<3>; 3] {
        let zeros = |[rows, heads, head]: [usize; 3], dtype: DType| {
            Tensor::<3>::zeros([rows, heads, head], (&self.q.device(), dtype))
        };
        let (shape, dtype) = (self.q.dims(), self.q.dtype());
        let wide = if is_half(dtype) { DType::F32 } else { dtype };
        let [mut of_keys, mut of_values] = [&self.k, &self.v].map(|x| zeros(x.dims(), wide));
        let mut of_queries: Vec<Tensor<3>> =
            plan.blank.then(|| zeros([1, shape[1], shape[2]], dtype)).into_iter().collect();
        for batch in &plan.batches {
            let (own, [dk, dv]) = self.through(batch);
            of_queries.push(own);
            of_keys = batch.add(of_keys, dk);
            of_values = batch.add(of_values, dv);
        }
        let of_queries = if of_queries.is_empty() {
            zeros(shape, dtype)
        } else {
            plan.order.take(Tensor::cat(of_queries, 0))
        };
        [of_queries, of_keys, of_values]
    }

    /// The gradients of a batch: of its queries by row, of its keys and values by head.
    fn through(&self, batch: &Batch) -> (Tensor<3>, [Tensor<4>; 2]) {
        let kv = self.k.dims()[1];
        let [q, grad] = [&self.q, &self.output_grad].map(|x| batch.by_group(x, kv));
        let [k, v] = [&self.k, &self.v].map(|x| batch.by_head(x));
        let grad = match &batch.idle {
            None => grad,
            Some(idle) => {
                let shape = grad.dims();
                grad.mask_fill(idle.clone().expand(shape), 0.0)
            }
        };
        let (mut of_queries, mut of_keys) = (Vec::new(), None::<[Tensor<4>; 2]>);
        for part in batch.parts(&q, self.most) {
            let [q, grad] = [&q, &grad].map(|x| x.clone().narrow(3, part.start, part.len()));
            let (own, [dk, dv]) = self.through_part(batch, [q, grad], [&k, &v], part);
            of_queries.push(own);
            of_keys = Some(match of_keys {
                None => [dk, dv],
                Some([k, v]) => [k + dk, v + dv],
            });
        }
        let of_keys = of_keys.expect("a batch has queries");
        (batch.by_row(Tensor::cat(of_queries, 3)), of_keys)
    }

    /// With `P` the probabilities of `part` of the queries and `dP = dO Vᵀ`: `dS = P (dP − Σ P dP)`, `dQ = scale · dS K`,
    /// `dK = scale · dSᵀ Q` and `dV = Pᵀ dO`.
    fn through_part(
        &self,
        batch: &Batch,
        [q, grad]: [Tensor<5>; 2],
        [k, v]: [&Tensor<4>; 2],
        part: Range<usize>,
    ) -> (Tensor<5>, [Tensor<4>; 2]) {
        let (shape, dtype) = (q.dims(), q.dtype());
        let [segments, kv, group, queries, head] = shape;
        let p = batch.probabilities(q.clone(), k, part, self.scale);
        let [q, grad] = [q, grad].map(|x| x.reshape([segments, kv, group * queries, head]));
        let dp = widen(grad.clone().matmul(v.clone().transpose()));
        let ds = p.clone() * (dp.clone() - (p.clone() * dp).sum_dim(3));
        let [ds, p] = [ds.mul_scalar(self.scale), p].map(|x| narrow(x, dtype));
        let dq = ds.clone().matmul(k.clone()).reshape(shape);
        (dq, [ds.transpose().matmul(q), p.transpose().matmul(grad)].map(widen))
    }
}

impl Batch {
    /// `all` rows of keys or values with `more`, `[segments, kv, keys, head]`, added to those of this batch.
    fn add(&self, all: Tensor<3>, more: Tensor<4>) -> Tensor<3> {
        let [segments, kv, keys, head] = more.dims();
        let more = more.swap_dims(1, 2).reshape([segments * keys, kv, head]);
        match &self.key_rows {
            KeyIndex::Rows(rows) => rows.add(all, more),
            KeyIndex::HeadRows(_) => unreachable!("rows are kept whole where gradients flow"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AttentionPlan, Visibility};
    use super::*;
    use burn::tensor::{Device, TensorData};

    #[test]
    fn gradients_are_the_same_whatever_number_of_queries_goes_together() {
        let input = |seed: usize| {
            let numbers: Vec<f64> =
                (0..71 * 4 * 8).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f64 / 1001.0 - 1.0).collect();
            Tensor::<3>::from_data(TensorData::new(numbers, [71, 4, 8]), (&Device::flex(), DType::F64))
        };
        let plan = AttentionPlan::sequences(&[30, 17, 24], Visibility::Causal);
        let grads = |most| {
            let [q, k, v, output_grad] = [1, 2, 3, 4].map(input);
            let place = Place::with_gradients(&q, &k);
            let pass = Pass { q, k, v, output_grad, scale: 0.4, most };
            let grads = plan.with_batches(place, |batches| pass.run(batches));
            grads.map(|grad| grad.into_data().iter::<f64>().collect::<Vec<_>>())
        };
        for (found, expected) in
            [1, 2000].into_iter().flat_map(|most| grads(most).into_iter().zip(grads(usize::MAX)))
        {
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
            }
        }
    }
}
