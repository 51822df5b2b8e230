//! One layer on some rows.

use std::ops::Range;

use burn_flex::FlexTensor;

use super::map::Map;
use super::step::NewTokens;
use super::{LayerParts, on_host};
use crate::attention::{Decoding, Heads, decode};
use crate::bridge::floats;
use crate::kernel::matrix::Threads;
use crate::kernel::shared::Shared;
use crate::{rms_norm, rotary, swiglu};

/// The maps of a layer and its norms.
pub(super) struct Layer {
    input_norm: FlexTensor,
    query: Map,
    key: Map,
    value: Map,
    output: Map,
    inner_norm: FlexTensor,
    gate: Map,
    up: Map,
    down: Map,
}

/// Some of a step's rows.
pub(super) struct Chunk<'a> {
    pub(super) tokens: &'a NewTokens<'a>,
    pub(super) rows: Range<usize>,
    pub(super) heads: Heads,
    pub(super) epsilon: f64,
    pub(super) threads: Threads,
}

/// What a chunk's rows become on their way, kept from layer to layer.
#[derive(Default)]
pub(super) struct Scratch {
    normed: Vec<f32>,
    queries: Vec<f32>,
    turned: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    seen: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    gated: Vec<f32>,
    added: Vec<f32>,
    low: Vec<f32>,
}

impl Layer {
    pub(super) fn of(parts: LayerParts) -> Option<Self> {
        Some(Self {
            input_norm: on_host(parts.input_norm)?,
            query: Map::of(parts.query)?,
            key: Map::of(parts.key)?,
            value: Map::of(parts.value)?,
            output: Map::of(parts.output)?,
            inner_norm: on_host(parts.inner_norm)?,
            gate: Map::of(parts.gate)?,
            up: Map::of(parts.up)?,
            down: Map::of(parts.down)?,
        })
    }

    /// The maps.
    pub(super) fn maps(&self) -> [&Map; 7] {
        [&self.query, &self.key, &self.value, &self.output, &self.gate, &self.up, &self.down]
    }

    /// Takes a chunk's rows `x` through the layer. Their keys and values enter `cache`.
    ///
    /// # Safety
    /// Nobody else reads the places of these rows meanwhile, or writes to rows that they see.
    pub(super) unsafe fn apply(
        &self,
        chunk: &Chunk<'_>,
        x: &mut [f32],
        cache: [Shared<'_>; 2],
        scratch: &mut Scratch,
    ) {
        // SAFETY: the caller's promise.
        unsafe { self.attend(chunk, x, cache, scratch) };
        add(x, &scratch.added);
        self.transform(chunk, x, scratch);
        add(x, &scratch.added);
    }

    /// `W_o attention(norm(x))`
    ///
    /// # Safety
    /// As for [`Self::apply`].
    unsafe fn attend(&self, chunk: &Chunk<'_>, x: &[f32], cache: [Shared<'_>; 2], scratch: &mut Scratch) {
        let Scratch { normed, queries, turned, keys, values, seen, added, low, .. } = scratch;
        let (rows, threads) = (chunk.rows.len(), chunk.threads);
        normalise(x, &self.input_norm, chunk, normed);
        self.query.apply(rows, normed, queries, low, threads);
        self.key.apply(rows, normed, keys, low, threads);
        self.value.apply(rows, normed, values, low, threads);
        let Heads { head, .. } = chunk.heads;
        let width = chunk.heads.query_heads() * head;
        turned.resize(rows * width, 0.0);
        rotary::turn(queries, chunk.tokens.angles(chunk.rows.clone(), head), [head, width], turned);
        // SAFETY: the caller's promise.
        unsafe { chunk.enter(keys, values, cache) };
        seen.resize(rows * width, 0.0);
        // SAFETY: by the caller's promise nobody else writes what these rows see, and they have just been written.
        let [keys, values] = cache.map(|cache| unsafe { cache.source() });
        let scale = (head as f32).powf(-0.5);
        let (plan, sequences) = (chunk.tokens.plan, chunk.rows.clone());
        decode(
            Decoding { plan, sequences, heads: chunk.heads, scale, q: turned, keys, values, threads },
            seen,
        );
        self.output.apply(rows, seen, added, low, threads);
    }

    /// `W_down (silu(W_gate n) ⊙ W_up n)` with `n = norm(x)`
    fn transform(&self, chunk: &Chunk<'_>, x: &[f32], scratch: &mut Scratch) {
        let Scratch { normed, gate, up, gated, added, low, .. } = scratch;
        let (rows, threads) = (chunk.rows.len(), chunk.threads);
        normalise(x, &self.inner_norm, chunk, normed);
        self.gate.apply(rows, normed, gate, low, threads);
        self.up.apply(rows, normed, up, low, threads);
        gated.resize(gate.len(), 0.0);
        swiglu::forward(gate, up, gated);
        self.down.apply(rows, gated, added, low, threads);
    }
}

impl Chunk<'_> {
    /// Writes turned keys and values to their places in the cache.
    ///
    /// # Safety
    /// Nobody else uses these places meanwhile.
    unsafe fn enter(&self, keys: &[f32], values: &[f32], cache: [Shared<'_>; 2]) {
        let Heads { kv, head, .. } = self.heads;
        let width = kv * head;
        let rows = keys.chunks_exact(width).zip(values.chunks_exact(width));
        for (row, (keys, values)) in self.rows.clone().zip(rows) {
            // SAFETY: the caller's promise, and each is gone before the next comes.
            let [to_keys, to_values] =
                cache.map(|cache| unsafe { cache.part(self.tokens.places[row] * width, width) });
            rotary::turn(keys, self.tokens.angles(row..row + 1, head), [head, width], to_keys);
            to_values.copy_from_slice(values);
        }
    }
}

fn normalise(x: &[f32], weight: &FlexTensor, chunk: &Chunk<'_>, y: &mut Vec<f32>) {
    y.resize(x.len(), 0.0);
    rms_norm::few(x, floats(weight), chunk.epsilon, y);
}

fn add(x: &mut [f32], y: &[f32]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}
