//! The forward pass, one tile of scores at a time.

use std::cell::RefCell;
use std::ops::Range;

use burn_flex::FlexTensor;

use super::Heads;
use super::plan::{AttentionPlan, Segment};
use super::tiles::{HeadView, KEYS, KeyTile, QueryTile, key_tiles, query_tiles, work};
use crate::bridge::{sizes, tensor};
use crate::kernel::matrix::{Mat, MatMut, Onto, Threads, product};
use crate::kernel::shared::{Shared, Source};
use crate::kernel::simd::{Simd, dispatch};
use crate::kernel::skinny::{self, Factors, Skinny};
use crate::kernel::{threads, vector};

/// The output `[queries, heads, head]` and the log-sum-exp of the scores `[queries, heads]`.
pub(super) fn run([q, k, v]: &[FlexTensor; 3], plan: &AttentionPlan, scale: f32) -> (FlexTensor, FlexTensor) {
    let heads = Heads::of(q, k);
    let [rows, query_heads, head] = sizes(q);
    let (mut output, mut log_sum) = (vec![0.0; rows * query_heads * head], vec![0.0; rows * query_heads]);
    let pass = Pass {
        plan,
        heads,
        scale,
        origin: 0,
        q: HeadView::of(q),
        k: HeadView::of(k),
        v: HeadView::of(v),
        output: Shared::new(&mut output),
        log_sum: Shared::new(&mut log_sum),
    };
    let segments = plan.segments().iter().enumerate();
    let tiles: Vec<_> = segments.flat_map(|(i, segment)| query_tiles(i, segment, heads.group)).collect();
    // All tiles of one head follow each other: segments with a common prefix find its keys in the cache.
    threads::for_each(tiles.len() * heads.kv, work(plan, heads), |task| {
        SCRATCH.with_borrow_mut(|scratch| pass.tile(tiles[task % tiles.len()], task / tiles.len(), scratch));
    });
    (tensor(output, [rows, query_heads, head]), tensor(log_sum, [rows, query_heads]))
}

/// Queries of sequences that decode, one of each: those of the plan's segments `sequences`, which are dense in `q`.
pub(crate) struct Decoding<'a> {
    pub(crate) plan: &'a AttentionPlan,
    pub(crate) sequences: Range<usize>,
    pub(crate) heads: Heads,
    pub(crate) scale: f32,
    pub(crate) q: &'a [f32],
    pub(crate) keys: Source<'a>,
    pub(crate) values: Source<'a>,
    pub(crate) threads: Threads,
}

/// What each of the queries sees, `[queries, heads, head]`. Segment i must be query i.
pub(crate) fn decode(job: Decoding<'_>, out: &mut [f32]) {
    let Decoding { plan, sequences, heads, scale, q, keys, values, threads } = job;
    let mut log_sum = vec![0.0; sequences.len() * heads.query_heads()];
    let pass = Pass {
        plan,
        heads,
        scale,
        origin: sequences.start,
        q: HeadView::dense(q.into(), heads.query_heads(), heads.head),
        k: HeadView::dense(keys, heads.kv, heads.head),
        v: HeadView::dense(values, heads.kv, heads.head),
        output: Shared::new(out),
        log_sum: Shared::new(&mut log_sum),
    };
    let count = sequences.len();
    let work = if threads == Threads::One { 0 } else { work(plan, heads) };
    threads::for_each(count * heads.kv, work, |task| {
        let tile = QueryTile { segment: sequences.start + task % count, first: 0, len: 1 };
        SCRATCH.with_borrow_mut(|scratch| pass.tile(tile, task / count, scratch));
    });
}

struct Pass<'a> {
    plan: &'a AttentionPlan,
    heads: Heads,
    scale: f32,
    /// The query that `q` and `output` begin with.
    origin: usize,
    q: HeadView<'a>,
    k: HeadView<'a>,
    v: HeadView<'a>,
    output: Shared<'a>,
    log_sum: Shared<'a>,
}

/// Buffers of one tile, kept by each thread: decoding runs thousands of tiny tiles per token.
#[derive(Default)]
struct Scratch {
    /// Scaled queries, `[rows, head]`.
    q: Vec<f32>,
    /// Scores, then unnormalised probabilities, `[rows, keys]`.
    p: Vec<f32>,
    /// Running output, `[rows, head]`.
    out: Vec<f32>,
    /// Running maximum and sum of every row.
    softmax: Vec<Running>,
    /// How many of a tile's keys each row sees.
    seen: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Running {
    max: f32,
    sum: f32,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Pass<'_> {
    fn tile(&self, tile: QueryTile, kv: usize, scratch: &mut Scratch) {
        let segment = &self.plan.segments()[tile.segment];
        self.load(tile, kv, scratch);
        for keys in key_tiles(segment, segment.visible(tile.first + tile.len - 1)) {
            self.scores(keys, kv, scratch);
            self.softmax(segment, tile, keys, scratch);
            self.values(keys, kv, scratch);
        }
        self.store(tile, kv, scratch);
    }

    /// The first query of a tile, counted from that which `q` begins with.
    fn query(&self, tile: QueryTile) -> usize {
        self.plan.segments()[tile.segment].queries.start + tile.first - self.origin
    }

    /// Row `r` of a tile is query `r / group` with head `r % group` of its group.
    fn load(&self, tile: QueryTile, kv: usize, scratch: &mut Scratch) {
        let Heads { group, head, .. } = self.heads;
        let (rows, first) = (tile.len * group, self.query(tile));
        scratch.q.clear();
        for r in 0..rows {
            let q = self.q.at(first + r / group, kv * group + r % group);
            scratch.q.extend(q.iter().map(|q| q * self.scale));
        }
        scratch.out.clear();
        scratch.out.resize(rows * head, 0.0);
        scratch.softmax.clear();
        scratch.softmax.resize(rows, Running { max: f32::NEG_INFINITY, sum: 0.0 });
        scratch.p.resize(rows * KEYS, 0.0);
    }

    fn scores(&self, keys: KeyTile, kv: usize, scratch: &mut Scratch) {
        let rows = scratch.softmax.len();
        let p = &mut scratch.p[..rows * keys.len];
        if rows <= skinny::MOST_ROWS {
            let (weight, stride) = self.k.rows(keys, kv);
            let base: Factors<'_> = Factors { x: &scratch.q, weight, inner: self.heads.head, stride };
            Skinny { base, bias: None, more: None, rows, outer: keys.len }.run(p, Threads::One);
        } else {
            let q = Mat::new(&scratch.q, rows, self.heads.head);
            let k = self.k.mat(keys, kv).t();
            product(MatMut::new(p, keys.len), Onto::Replace, q, k, 1.0, Threads::One);
        }
    }

    /// Turns scores into `e^(s - max)` and rescales what was summed under a smaller maximum.
    fn softmax(&self, segment: &Segment, tile: QueryTile, keys: KeyTile, scratch: &mut Scratch) {
        let Scratch { p, out, softmax, seen, .. } = scratch;
        seen.clear();
        seen.extend((0..softmax.len()).map(|r| keys.seen(segment, tile.first + r / self.heads.group)));
        let head = self.heads.head.max(1);
        softmax_rows(Scores { p, keys: keys.len, seen, running: softmax, out, head });
    }

    fn values(&self, keys: KeyTile, kv: usize, scratch: &mut Scratch) {
        let (rows, head) = (scratch.softmax.len(), self.heads.head);
        let p = &scratch.p[..rows * keys.len];
        if rows <= skinny::MOST_ROWS {
            let (v, stride) = self.v.rows(keys, kv);
            for (out, p) in scratch.out.chunks_exact_mut(head.max(1)).zip(p.chunks_exact(keys.len)) {
                vector::add_weighted(out, p, v, stride);
            }
        } else {
            let (p, v) = (Mat::new(p, rows, keys.len), self.v.mat(keys, kv));
            product(MatMut::new(&mut scratch.out, head), Onto::Add, p, v, 1.0, Threads::One);
        }
    }

    fn store(&self, tile: QueryTile, kv: usize, scratch: &Scratch) {
        let Heads { group, head, .. } = self.heads;
        let first = self.query(tile);
        for (r, (running, sums)) in
            scratch.softmax.iter().zip(scratch.out.chunks_exact(head.max(1))).enumerate()
        {
            let at = (first + r / group) * self.heads.query_heads() + kv * group + r % group;
            // SAFETY: a query row is in one tile of one segment, and a head in one group: nobody else writes here.
            let (out, log_sum) = unsafe { (self.output.part(at * head, head), self.log_sum.part(at, 1)) };
            let inverse = if running.sum == 0.0 { 0.0 } else { 1.0 / running.sum };
            out.iter_mut().zip(sums).for_each(|(o, s)| *o = s * inverse);
            log_sum[0] = running.max + running.sum.ln();
        }
    }
}

/// A tile of scores with what its rows have summed so far.
struct Scores<'a> {
    p: &'a mut [f32],
    keys: usize,
    seen: &'a [usize],
    running: &'a mut [Running],
    out: &'a mut [f32],
    head: usize,
}

dispatch! {
    fn softmax_rows(scores: Scores<'_>) = softmax_rows_body
}

#[inline(always)]
fn softmax_rows_body<S: Simd>(scores: Scores<'_>) {
    let rows = scores.p.chunks_exact_mut(scores.keys).zip(scores.out.chunks_exact_mut(scores.head));
    for (((p, out), running), &seen) in rows.zip(scores.running).zip(scores.seen) {
        let (p, hidden) = p.split_at_mut(seen);
        hidden.fill(0.0);
        let max = vector::max_body::<S>(p);
        if max > running.max {
            // Nothing to shrink before the first tile.
            if running.sum > 0.0 {
                let shrink = vector::exp::<S>(running.max - max);
                vector::scale_body::<S>(out, shrink);
                running.sum *= shrink;
            }
            running.max = max;
        }
        let shift = if running.max == f32::NEG_INFINITY { 0.0 } else { running.max };
        running.sum += vector::exp_sum_body::<S>(p, shift);
    }
}
