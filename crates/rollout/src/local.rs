//! The sampler that shares the trainer's weights.

use crate::{RolloutError, SamplerSettings};
use burn::tensor::Tensor;
use rl_algos::{Completion, Group, GroupBatch, Sampler, SamplingParams, StopReason};
use std::ops::ControlFlow;
use vlm_model::generate::{self, DrawKey, Engine, FinishReason, Progress, Request};
use vlm_model::{FeatureCache, VlModel};
use vlm_processor::Prompt;

type Watch<'a> = Box<dyn FnMut(Progress) -> ControlFlow<()> + 'a>;

/// Samples from a model in this process, whose weights it borrows: what it writes is on-policy by construction.
///
/// Every draw depends on (seed, step, prompt, sample, token) and on nothing else, so completions are the same bytes
/// whatever the capacity, the other prompts and the number of threads. Prompts are numbered by their place in the
/// call, from [`starting_at`](Self::starting_at) on.
///
/// | method | says |
/// |---|---|
/// | [`at_step`](Self::at_step) | which training step draws |
/// | [`with_features`](Self::with_features) | where features of images are kept between calls |
/// | [`watched_by`](Self::watched_by) | who hears of progress and may stop the call |
pub struct LocalSampler<'a, D> {
    model: &'a VlModel,
    settings: &'a SamplerSettings,
    decode: D,
    step: u64,
    first_prompt: u64,
    features: Option<&'a mut FeatureCache>,
    watch: Watch<'a>,
}

impl<'a, D: Fn(&[u32]) -> String> LocalSampler<'a, D> {
    /// A sampler of `model`, whose token ids `decode` turns into text without special tokens.
    pub fn new(model: &'a VlModel, settings: &'a SamplerSettings, decode: D) -> Self {
        let watch: Watch = Box::new(|_| ControlFlow::Continue(()));
        Self { model, settings, decode, step: 0, first_prompt: 0, features: None, watch }
    }

    /// The same for the draws of a training step.
    #[must_use]
    pub fn at_step(self, step: u64) -> Self {
        Self { step, ..self }
    }

    /// The same with prompts numbered from `first_prompt` on: for a step that samples in several calls.
    #[must_use]
    pub fn starting_at(self, first_prompt: u64) -> Self {
        Self { first_prompt, ..self }
    }

    /// The same with features of images taken from a cache and left there.
    #[must_use]
    pub fn with_features(self, features: &'a mut FeatureCache) -> Self {
        Self { features: Some(features), ..self }
    }

    /// The same with `watch` told of progress after every pass; by breaking it stops the call.
    #[must_use]
    pub fn watched_by(self, watch: impl FnMut(Progress) -> ControlFlow<()> + 'a) -> Self {
        Self { watch: Box::new(watch), ..self }
    }

    /// Moves the numbering of prompts on, past those of a call.
    pub(crate) fn advance(&mut self, prompts: usize) {
        self.first_prompt = self.first_prompt.wrapping_add(prompts as u64);
    }

    fn key(&self, seed: u64, prompt: usize) -> DrawKey {
        let prompt = self.first_prompt.wrapping_add(prompt as u64);
        DrawKey { seed, step: self.step, prompt, sample: 0, token: 0 }
    }

    /// Features of every prompt, where a cache keeps them.
    fn encode(&mut self, prompts: &[&Prompt]) -> Result<Option<Vec<Vec<Tensor<2>>>>, RolloutError> {
        let Some(cache) = self.features.as_deref_mut() else { return Ok(None) };
        let features = prompts.iter().enumerate().map(|(index, prompt)| {
            let features = cache.of(self.model, prompt);
            features.map_err(|problem| RolloutError::Features { prompt: index, problem })
        });
        features.collect::<Result<_, _>>().map(Some)
    }

    fn complete(
        &mut self,
        prompts: &[&Prompt],
        params: &SamplingParams,
    ) -> Result<Vec<Vec<generate::Completion>>, RolloutError> {
        let sampling = self.settings.sampling(params)?;
        let features = self.encode(prompts)?;
        let features_of = |index: usize| features.as_ref().map(|features| features[index].as_slice());
        let mut requests = Vec::with_capacity(prompts.len());
        for (index, &prompt) in prompts.iter().enumerate() {
            let request = Request::new(prompt, params.num_generations(), self.key(params.seed(), index));
            requests.push(Request { features: features_of(index), ..request });
        }
        let engine = Engine::new(self.model, &sampling).with_capacity(self.settings.capacity);
        Ok(engine.run(&requests, &mut self.watch)?)
    }

    fn completion(&self, written: generate::Completion) -> Result<Completion, RolloutError> {
        let text = (self.decode)(&written.token_ids);
        let stop = match written.finish {
            FinishReason::Stop => StopReason::Stop,
            FinishReason::Length => StopReason::Length,
        };
        Ok(Completion::new(written.token_ids, written.logprobs, text, stop)?)
    }
}

impl<P: AsRef<Prompt>, D: Fn(&[u32]) -> String> Sampler<P> for LocalSampler<'_, D> {
    type Error = RolloutError;

    fn sample(&mut self, prompts: Vec<P>, params: &SamplingParams) -> Result<GroupBatch<P>, RolloutError> {
        let refs: Vec<&Prompt> = prompts.iter().map(AsRef::as_ref).collect();
        let written = self.complete(&refs, params)?;
        let groups = prompts.into_iter().zip(written).map(|(prompt, written)| {
            let completions = written.into_iter().map(|completion| self.completion(completion));
            Ok(Group::new(prompt, completions.collect::<Result<_, _>>()?)?)
        });
        Ok(GroupBatch::new(groups.collect::<Result<_, RolloutError>>()?))
    }
}
