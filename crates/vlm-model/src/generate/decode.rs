//! The passes of generation: one prompt, and one token of many completions or several.

use super::choose::Choice;
use super::on_device::Chooser;
use super::{Choosing, SamplingSettings};
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

/// Where the tokens of a step stand, and what they see.
struct Places {
    positions: Vec<[i64; 3]>,
    places: Vec<usize>,
    plan: AttentionPlan,
}

/// A model and the keys and values of what it has read.
pub(super) struct Passes<'a> {
    model: &'a VlModel,
    /// The head's weight in f32, as logits are.
    head: Tensor<2>,
    /// Chooses tokens on the device, if that is wanted and possible.
    chooser: Option<Chooser>,
    /// All operations of a step in one, where the model and its device allow it.
    fused: Option<StepDecoder>,
    cache: KvCache,
    /// Most inputs of a step. On the CPU, up to so many get the same bits each whatever the others are, and together take
    /// little more than the time to read the weights.
    pub together: usize,
}

impl<'a> Passes<'a> {
    pub(super) fn new(
        model: &'a VlModel,
        cache_rows: usize,
        (settings, choosing): (&SamplingSettings, Choosing),
    ) -> Self {
        let (text, device) = (&model.config().text, model.device());
        let shape = [cache_rows, text.kv_heads, text.head_dim()];
        let cache = KvCache::new(text.layers, shape, (&device, model.dtype()));
        let head = model.head().cast(DType::F32);
        let together = if device == Device::flex() { StepDecoder::MOST_TOKENS } else { usize::MAX };
        let on_device = || Chooser::of(settings, text.vocab_size, &device);
        let chooser = (choosing == Choosing::Device).then(on_device).flatten();
        Self { model, fused: model.model.for_steps(head.clone()), head, cache, chooser, together }
    }

    /// Whether [`ahead`](Self::ahead) can be called.
    pub(super) fn run_ahead(&self) -> bool {
        self.chooser.is_some()
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
        on_host(self.logits(hidden.slice([n - 1..n, 0..width])))
    }

    /// Reads one token of each completion; logits of the tokens that follow, row after row.
    pub(super) fn step(&mut self, inputs: &[Input]) -> Vec<f32> {
        let ids: Vec<u32> = inputs.iter().map(|input| input.token).collect();
        if let Some(fused) = &self.fused {
            let Places { positions, places, plan } = self.places(inputs);
            let Angles { cos, sin, .. } = &self.model.model.angles(&positions);
            return fused
                .step(&NewTokens { ids: &ids, cos, sin, places: &places, plan: &plan }, &mut self.cache);
        }
        let hidden = self.hidden(self.model.model.embed_tokens.forward(&ids), inputs);
        on_host(self.logits(hidden))
    }

    /// Writes a token of each completion for each of `steps`, the inputs and draws of every step, without waiting for any
    /// of them. The tokens of the first inputs are read, those of the others are what the step before chose.
    pub(super) fn ahead(&mut self, steps: &[(Vec<Input>, Vec<f64>)]) -> Vec<Vec<Choice>> {
        let Some((first, _)) = steps.first() else { return Vec::new() };
        let ids: Vec<u32> = first.iter().map(|input| input.token).collect();
        let mut rows = self.model.model.embed_tokens.forward(&ids);
        let (mut tokens, mut log_probs) = (Vec::new(), Vec::new());
        for (inputs, draws) in steps {
            let hidden = self.hidden(rows, inputs);
            let logits = self.logits(hidden);
            let chooser = self.chooser.as_ref().expect("asked for where there is one only");
            let (chosen, log_prob) = chooser.choose(logits, draws);
            rows = self.model.model.embed_tokens.rows(chosen.clone());
            tokens.push(chosen);
            log_probs.push(log_prob);
        }
        let tokens = Tensor::cat(tokens, 0).into_data();
        let log_probs = Tensor::cat(log_probs, 0).into_data();
        let choices: Vec<Choice> = tokens
            .iter::<u32>()
            .zip(log_probs.iter::<f32>())
            .map(|(token, logprob)| Choice { token, logprob })
            .collect();
        choices.chunks(first.len()).map(<[Choice]>::to_vec).collect()
    }

    /// Reads embedded tokens; hidden states of what follows.
    fn hidden(&mut self, rows: Tensor<2>, inputs: &[Input]) -> Tensor<2> {
        let Places { positions, places, plan } = self.places(inputs);
        let mut memory = Memory::Cache { cache: &mut self.cache, places: &places };
        self.model.model.forward(rows, &positions, &plan, &mut memory)
    }

    fn places(&self, inputs: &[Input]) -> Places {
        let segments = inputs.iter().enumerate().map(|(row, input)| Segment {
            queries: row..row + 1,
            keys: input.keys.to_vec(),
            visibility: Visibility::Full,
        });
        Places {
            positions: inputs.iter().map(|input| input.position).collect(),
            places: inputs.iter().map(|input| input.place).collect(),
            plan: self.plan(segments.collect(), inputs.len()),
        }
    }

    fn plan(&self, segments: Vec<Segment>, queries: usize) -> AttentionPlan {
        AttentionPlan::new(segments, queries, self.cache.rows())
            .expect("each query is in one segment, and all keys are rows of the cache")
    }

    /// Logits of every row.
    fn logits(&self, hidden: Tensor<2>) -> Tensor<2> {
        fused_ops::linear(hidden.cast(DType::F32), self.head.clone(), None)
    }
}

fn on_host(logits: Tensor<2>) -> Vec<f32> {
    logits.into_data().try_into_vec().expect("logits of f32 numbers are f32")
}
