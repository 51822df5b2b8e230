//! The backward pass: scores are made again tile by tile.

use burn::tensor::{Bytes, DType, Shape};
use burn_flex::{FlexTensor, Layout};

use super::plan::{AttentionPlan, Component};
use super::tiles::{HeadView, KEYS, KeyTile, QueryTile, key_tiles, query_tiles, work};
use super::{Heads, Saved};
use crate::bridge::{floats, sizes, tensor};
use crate::kernel::matrix::{Mat, MatMut, Onto, Threads, product};
use crate::kernel::shared::Shared;
use crate::kernel::simd::{Simd, dispatch};
use crate::kernel::{threads, vector};

/// Gradients of queries, keys and values.
pub(super) fn run(
    saved: &Saved,
    output_grad: &FlexTensor,
    plan: &AttentionPlan,
    scale: f32,
) -> [FlexTensor; 3] {
    let [q, k, v] = &saved.inputs;
    let heads = Heads::of(q, k);
    let ([_, query_heads, head], [key_rows, _, _]) = (sizes(q), sizes(k));
    let mut dq = vec![0.0; plan.query_rows() * query_heads * head];
    let (mut dk, mut dv) = (vec![0.0; key_rows * heads.kv * head], vec![0.0; key_rows * heads.kv * head]);
    let components = plan.components();
    let tasks = components.len() * heads.kv;
    let pass = Pass {
        plan,
        heads,
        scale,
        q: HeadView::of(q),
        k: HeadView::of(k),
        v: HeadView::of(v),
        output: HeadView::of(&saved.output),
        output_grad: HeadView::of(output_grad),
        log_sum: floats(&saved.log_sum),
        dq: Shared::new(&mut dq),
        dk: Shared::new(&mut dk),
        dv: Shared::new(&mut dv),
        key_rows,
        threads: if tasks < rayon::current_num_threads() { Threads::All } else { Threads::One },
    };
    threads::for_each(tasks, work(plan, heads), |task| {
        pass.component(&components[task / heads.kv], task % heads.kv);
    });
    [
        tensor(dq, [plan.query_rows(), query_heads, head]),
        by_head(dk, heads, key_rows),
        by_head(dv, heads, key_rows),
    ]
}

/// A `[rows, heads, head]` tensor over values stored head by head.
fn by_head(values: Vec<f32>, heads: Heads, rows: usize) -> FlexTensor {
    let strides = [heads.head, rows * heads.head, 1].map(|s| s as isize).to_vec();
    let layout = Layout::new(Shape::new([rows, heads.kv, heads.head]), strides, 0);
    FlexTensor::new(Bytes::from_elems(values), layout, DType::F32)
}

struct Pass<'a> {
    plan: &'a AttentionPlan,
    heads: Heads,
    scale: f32,
    q: HeadView<'a>,
    k: HeadView<'a>,
    v: HeadView<'a>,
    output: HeadView<'a>,
    output_grad: HeadView<'a>,
    log_sum: &'a [f32],
    dq: Shared<'a>,
    /// Stored head by head, so that a component's share is one slice.
    dk: Shared<'a>,
    dv: Shared<'a>,
    key_rows: usize,
    threads: Threads,
}

/// Buffers of one component, and its share of the key and value gradients.
struct Work<'a> {
    /// Scaled queries and output gradients, `[rows, head]`.
    q: Vec<f32>,
    grad: Vec<f32>,
    dq: Vec<f32>,
    /// `dO · o` and log-sum-exp of every row.
    delta: Vec<f32>,
    log_sum: Vec<f32>,
    /// How many of a tile's keys each row sees.
    seen: Vec<usize>,
    /// Probabilities and score gradients, `[rows, keys]`.
    p: Vec<f32>,
    ds: Vec<f32>,
    dk: &'a mut [f32],
    dv: &'a mut [f32],
    first_key: usize,
}

impl Pass<'_> {
    fn component(&self, component: &Component, kv: usize) {
        let head = self.heads.head;
        let (from, len) = ((kv * self.key_rows + component.keys.start) * head, component.keys.len() * head);
        let mut work = Work {
            q: Vec::new(),
            grad: Vec::new(),
            dq: Vec::new(),
            delta: Vec::new(),
            log_sum: Vec::new(),
            seen: Vec::new(),
            p: Vec::new(),
            ds: Vec::new(),
            // SAFETY: components have disjoint key ranges, and each head its own stretch of the buffer.
            dk: unsafe { self.dk.part(from, len) },
            // SAFETY: as above.
            dv: unsafe { self.dv.part(from, len) },
            first_key: component.keys.start,
        };
        for &index in &component.segments {
            for tile in query_tiles(index, &self.plan.segments()[index], self.heads.group) {
                self.tile(tile, kv, &mut work);
            }
        }
    }

    fn tile(&self, tile: QueryTile, kv: usize, work: &mut Work<'_>) {
        let segment = &self.plan.segments()[tile.segment];
        self.load(tile, kv, work);
        for keys in key_tiles(segment, segment.visible(tile.first + tile.len - 1)) {
            self.score_grads(tile, keys, kv, work);
            self.accumulate(keys, kv, work);
        }
        self.store(tile, kv, work);
    }

    fn load(&self, tile: QueryTile, kv: usize, work: &mut Work<'_>) {
        let Heads { group, head, .. } = self.heads;
        let rows = tile.len * group;
        for buffer in [&mut work.q, &mut work.grad, &mut work.delta, &mut work.log_sum, &mut work.dq] {
            buffer.clear();
        }
        for (row, h) in self.rows(tile, kv) {
            work.q.extend(self.q.at(row, h).iter().map(|q| q * self.scale));
            work.grad.extend_from_slice(self.output_grad.at(row, h));
            work.delta.push(vector::dot(self.output_grad.at(row, h), self.output.at(row, h)));
            work.log_sum.push(self.log_sum[row * self.heads.query_heads() + h]);
        }
        work.dq.resize(rows * head, 0.0);
        work.p.resize(rows * KEYS, 0.0);
        work.ds.resize(rows * KEYS, 0.0);
    }

    /// The query row and query head of every score row of a tile.
    fn rows(&self, tile: QueryTile, kv: usize) -> impl Iterator<Item = (usize, usize)> {
        let (group, first) =
            (self.heads.group, self.plan.segments()[tile.segment].queries.start + tile.first);
        (0..tile.len * group).map(move |r| (first + r / group, kv * group + r % group))
    }

    /// `P = e^(S - lse)` and `dS = P (dO Vᵀ - δ)`.
    fn score_grads(&self, tile: QueryTile, keys: KeyTile, kv: usize, work: &mut Work<'_>) {
        let (rows, n) = (work.delta.len(), keys.len);
        let segment = &self.plan.segments()[tile.segment];
        let (q, grad) = (self.tile_mat(&work.q, rows), self.tile_mat(&work.grad, rows));
        let (p, ds) = (&mut work.p[..rows * n], &mut work.ds[..rows * n]);
        product(MatMut::new(p, n), Onto::Replace, q, self.k.mat(keys, kv).t(), 1.0, self.threads);
        product(MatMut::new(ds, n), Onto::Replace, grad, self.v.mat(keys, kv).t(), 1.0, self.threads);
        work.seen.clear();
        work.seen.extend((0..rows).map(|r| keys.seen(segment, tile.first + r / self.heads.group)));
        let (delta, log_sum) = (&work.delta, &work.log_sum);
        score_grad_rows(Scores { p, ds, keys: n, seen: &work.seen, delta, log_sum });
    }

    /// `dV += Pᵀ dO`, `dK += dSᵀ Q`, `dQ += dS K`.
    fn accumulate(&self, keys: KeyTile, kv: usize, work: &mut Work<'_>) {
        let (rows, head) = (work.delta.len(), self.heads.head);
        let (q, grad) = (self.tile_mat(&work.q, rows), self.tile_mat(&work.grad, rows));
        let p = Mat::new(&work.p[..rows * keys.len], rows, keys.len);
        let ds = Mat::new(&work.ds[..rows * keys.len], rows, keys.len);
        let (from, stride) = ((keys.row - work.first_key) * head, keys.stride.max(1) * head);
        product(MatMut::new(&mut work.dv[from..], stride), Onto::Add, p.t(), grad, 1.0, self.threads);
        product(MatMut::new(&mut work.dk[from..], stride), Onto::Add, ds.t(), q, 1.0, self.threads);
        let dq = MatMut::new(&mut work.dq, head);
        product(dq, Onto::Add, ds, self.k.mat(keys, kv), self.scale, self.threads);
    }

    fn tile_mat<'m>(&self, values: &'m [f32], rows: usize) -> Mat<'m> {
        Mat::new(values, rows, self.heads.head)
    }

    fn store(&self, tile: QueryTile, kv: usize, work: &Work<'_>) {
        let head = self.heads.head;
        for ((row, h), values) in self.rows(tile, kv).zip(work.dq.chunks_exact(head.max(1))) {
            // SAFETY: a query row is in one segment, a segment in one component, a head in one group.
            let dq = unsafe { self.dq.part((row * self.heads.query_heads() + h) * head, head) };
            dq.copy_from_slice(values);
        }
    }
}

/// A tile of scores and of the gradients of its probabilities.
struct Scores<'a> {
    p: &'a mut [f32],
    ds: &'a mut [f32],
    keys: usize,
    seen: &'a [usize],
    delta: &'a [f32],
    log_sum: &'a [f32],
}

dispatch! {
    fn score_grad_rows(scores: Scores<'_>) = score_grad_rows_body
}

#[inline(always)]
fn score_grad_rows_body<S: Simd>(scores: Scores<'_>) {
    let rows = scores.p.chunks_exact_mut(scores.keys).zip(scores.ds.chunks_exact_mut(scores.keys));
    let known = scores.seen.iter().zip(scores.delta.iter().zip(scores.log_sum));
    for ((p, ds), (&seen, (&delta, &log_sum))) in rows.zip(known) {
        let ((p, p_hidden), (ds, ds_hidden)) = (p.split_at_mut(seen), ds.split_at_mut(seen));
        vector::score_grad_body::<S>(p, ds, log_sum, delta);
        p_hidden.fill(0.0);
        ds_hidden.fill(0.0);
    }
}
