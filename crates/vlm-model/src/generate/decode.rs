//! The two passes of generation: one prompt, and one token of many completions.

use crate::VlModel;
use crate::layers::Angles;
use crate::text::Memory;
use burn::tensor::{DType, Device, Tensor};
use fused_ops::{AttentionPlan, KeyRows, KvCache, NewTokens, Segment, StepDecoder, Visibility};
use std::ops::Range;

/// What one completion feeds into a step: its newest token and what that token sees.
pub(super) struct Input {
    pub token: u32,
    pub position: [i64; 3],
    /// The cache row that the token enters.
    pub place: usize,
    /// Rows of the prompt, then rows of the completion up to the token.
    pub keys: [KeyRows; 2],
}

/// A model and the keys and values of what it has read.
pub(super) struct Passes<'a> {
    model: &'a VlModel,
    /// The head's weight in f32, as logits are.
    head: Tensor<2>,
    /// All operations of a step in one, where the model and its device allow it.
    fused: Option<StepDecoder>,
    cache: KvCache,
    /// Most inputs of a step. On the CPU, up to so many get the same bits each whatever the others are, and together take
    /// little more than the time to read the weights.
    pub together: usize,
}

impl<'a> Passes<'a> {
    pub(super) fn new(model: &'a VlModel, cache_rows: usize) -> Self {
        let (text, device) = (&model.config().text, model.device());
        let shape = [cache_rows, text.kv_heads, text.head_dim()];
        let cache = KvCache::new(text.layers, shape, (&device, model.dtype()));
        let head = model.head().cast(DType::F32);
        let together = if device == Device::flex() { StepDecoder::MOST_TOKENS } else { usize::MAX };
        Self { model, fused: model.model.for_steps(head.clone()), head, cache, together }
    }

    /// Reads an embedded prompt into `rows` of the cache; logits of the token that follows it.
    pub(super) fn prefill(
        &mut self,
        embedded: Tensor<2>,
        positions: &[[i64; 3]],
        rows: Range<usize>,
    ) -> Vec<f32> {
        let [n, width] = embedded.dims();
        let keys = vec![KeyRows::contiguous(rows.start, n)];
        let segment = Segment { queries: 0..n, keys, visibility: Visibility::Causal };
        let plan = self.plan(vec![segment], n);
        let places: Vec<usize> = rows.collect();
        let mut memory = Memory::Cache { cache: &mut self.cache, places: &places };
        let hidden = self.model.model.forward(embedded, positions, &plan, &mut memory);
        self.logits(hidden.slice([n - 1..n, 0..width]))
    }

    /// Reads one token of each completion; logits of the tokens that follow, row after row.
    pub(super) fn step(&mut self, inputs: &[Input]) -> Vec<f32> {
        let ids: Vec<u32> = inputs.iter().map(|input| input.token).collect();
        let positions: Vec<[i64; 3]> = inputs.iter().map(|input| input.position).collect();
        let places: Vec<usize> = inputs.iter().map(|input| input.place).collect();
        let segments = inputs.iter().enumerate().map(|(row, input)| Segment {
            queries: row..row + 1,
            keys: input.keys.to_vec(),
            visibility: Visibility::Full,
        });
        let plan = self.plan(segments.collect(), inputs.len());
        if let Some(fused) = &self.fused {
            let Angles { cos, sin, .. } = &self.model.model.angles(&positions);
            return fused
                .step(&NewTokens { ids: &ids, cos, sin, places: &places, plan: &plan }, &mut self.cache);
        }
        let mut memory = Memory::Cache { cache: &mut self.cache, places: &places };
        let rows = self.model.model.embed_tokens.forward(&ids);
        let hidden = self.model.model.forward(rows, &positions, &plan, &mut memory);
        self.logits(hidden)
    }

    fn plan(&self, segments: Vec<Segment>, queries: usize) -> AttentionPlan {
        AttentionPlan::new(segments, queries, self.cache.rows())
            .expect("each query is in one segment, and all keys are rows of the cache")
    }

    /// Logits of every row, on the host.
    fn logits(&self, hidden: Tensor<2>) -> Vec<f32> {
        let logits = fused_ops::linear(hidden.cast(DType::F32), self.head.clone(), None);
        logits.into_data().try_into_vec().expect("logits of f32 numbers are f32")
    }
}
