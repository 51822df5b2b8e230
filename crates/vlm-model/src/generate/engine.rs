//! What is asked of generation, and the call that answers it.

use super::capacity::{Capacity, Demand, Division};
use super::decode::Passes;
use super::random::DrawKey;
use super::schedule::Schedule;
use super::sequence::Completion;
use super::{GenerateError, SamplingSettings};
use crate::VlModel;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use std::cmp::Reverse;
use std::ops::ControlFlow;
use vlm_processor::Prompt;

/// A prompt and how many completions it should get.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The prompt.
    pub prompt: &'a Prompt,
    /// Features of its visuals, one tensor each; computed when its turn comes if absent.
    pub features: Option<&'a [Tensor<2>]>,
    /// Number of completions; they share one prefill and one encoding of the images.
    pub samples: usize,
    /// Key of the first draw; `sample` and `token` are counted up from it.
    pub key: DrawKey,
}

impl<'a> Request<'a> {
    /// Asks for `samples` completions of a prompt.
    pub fn new(prompt: &'a Prompt, samples: usize, key: DrawKey) -> Self {
        Self { prompt, features: None, samples, key }
    }

    /// The same with the features of its visuals known.
    #[must_use]
    pub fn with_features(self, features: &'a [Tensor<2>]) -> Self {
        Self { features: Some(features), ..self }
    }
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Completions that have ended.
    pub finished: usize,
    /// Completions asked for.
    pub total: usize,
    /// Tokens written, in finished completions and others.
    pub tokens: usize,
}

/// Where tokens are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choosing {
    /// By the host, from logits that it reads after every step.
    Host,
    /// On the device, several tokens of each completion before the host reads any: what they would write behind their
    /// ends is thrown away. Where tokens must be ranked or remembered (top-k, top-p, repetition penalty), by the host all
    /// the same.
    Device,
}

/// Writes completions: at most so many side by side, and whenever one ends, another takes its place.
///
/// A completion's bytes depend on its own prompt, key and settings only: not on the other requests, their order, the
/// capacity or the number of threads.
pub struct Engine<'a> {
    model: VlModel,
    settings: &'a SamplingSettings,
    capacity: Capacity,
    choosing: Choosing,
}

impl<'a> Engine<'a> {
    /// An engine on the weights of `model`, without their gradients, with the default capacity. Tokens are chosen on its
    /// device, but on the CPU by the host.
    pub fn new(model: &VlModel, settings: &'a SamplingSettings) -> Self {
        let choosing =
            if model.device().inner() == Device::flex() { Choosing::Host } else { Choosing::Device };
        Self { model: model.valid(), settings, capacity: Capacity::default(), choosing }
    }

    /// The same within other limits.
    #[must_use]
    pub fn with_capacity(self, capacity: Capacity) -> Self {
        Self { capacity, ..self }
    }

    /// The same with tokens chosen elsewhere.
    #[must_use]
    pub fn with_choosing(self, choosing: Choosing) -> Self {
        Self { choosing, ..self }
    }

    /// Completes every request, in order. Long prompts go first. `watch` is told after every pass how far it has
    /// come, and ends the call with [`GenerateError::Stopped`] by breaking.
    pub fn run(
        &self,
        requests: &[Request],
        watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Vec<Vec<Completion>>, GenerateError> {
        let demand = self.demand(requests);
        let division = Division::new(&demand, self.capacity)?;
        let passes = Passes::new(&self.model, division.rows(), (self.settings, self.choosing));
        let mut schedule = Schedule::new(&self.model, self.settings, requests, &demand, (division, passes));
        fused_ops::while_standing_by(|| {
            while schedule.advance()? {
                if watch(schedule.progress()).is_break() {
                    return Err(GenerateError::Stopped);
                }
            }
            Ok(())
        })?;
        Ok(schedule.finish())
    }

    fn demand(&self, requests: &[Request]) -> Demand {
        let wanted = requests.iter().enumerate().filter(|(_, request)| request.samples > 0);
        let mut prompts: Vec<(usize, usize)> =
            wanted.map(|(index, request)| (index, request.prompt.tokens.len())).collect();
        prompts.sort_by_key(|(_, len)| Reverse(*len));
        Demand {
            prompts,
            samples: requests.iter().map(|request| request.samples).sum(),
            // The last token of a completion is never read again.
            completion_rows: self.settings.max_new_tokens.saturating_sub(1),
        }
    }
}

impl VlModel {
    /// Completes every request with an [`Engine`] of default capacity.
    pub fn generate(
        &self,
        requests: &[Request],
        settings: &SamplingSettings,
    ) -> Result<Vec<Vec<Completion>>, GenerateError> {
        Engine::new(self, settings).run(requests, &mut |_| ControlFlow::Continue(()))
    }

    /// Bytes of keys and values that one token takes in the cache of generation.
    pub fn cache_row_bytes(&self) -> usize {
        let text = &self.config().text;
        2 * text.layers * text.kv_heads * text.head_dim() * self.dtype().size()
    }
}
