//! The decoding loop: one prefill per prompt, then all completions of a batch a token at a time.

use super::choose::{Choice, choose};
use super::random::DrawKey;
use super::settings::SamplingSettings;
use crate::text::{KvCache, Memory};
use crate::{PromptError, VlModel};
use burn::tensor::{Device, Tensor};
use fused_ops::{AttentionPlan, KeyRows, Segment, Visibility};
use vlm_processor::Prompt;

/// A prompt and how many completions it should get.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The prompt.
    pub prompt: &'a Prompt,
    /// Number of completions; they share one prefill and one encoding of the images.
    pub samples: usize,
    /// Key of the first draw; `sample` and `token` are counted up from it.
    pub key: DrawKey,
}

/// Why a completion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// It wrote an end token, which is its last token.
    Stop,
    /// It reached the limit of new tokens.
    Length,
}

/// Rows that decode together on the CPU: up to this many, the product of rows and weights gives each row the
/// same bits whatever the others are, and is bound by reading the weights.
const ROWS_TOGETHER: usize = 16;

/// What the model wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// Its tokens, the end token included.
    pub token_ids: Vec<u32>,
    /// ln p of each token at the sampling temperature.
    pub logprobs: Vec<f32>,
    /// Why it ended.
    pub finish: FinishReason,
}

impl VlModel {
    /// Completes every request. A completion's bytes depend on its own prompt, key and settings only, not on
    /// the other requests of the call.
    pub fn generate(
        &self,
        requests: &[Request],
        settings: &SamplingSettings,
    ) -> Result<Vec<Vec<Completion>>, PromptError> {
        let text = &self.config().text;
        let prompts: usize = requests.iter().map(|request| request.prompt.tokens.len()).sum();
        let samples: usize = requests.iter().map(|request| request.samples).sum();
        let rows = prompts + samples * settings.max_new_tokens;
        let cache = KvCache::new(text.layers, [rows, text.kv_heads, text.head_dim()], &self.device());
        let mut batch = Batch { model: self, settings, cache, free: 0, sequences: Vec::new() };
        for (index, request) in requests.iter().enumerate() {
            batch.admit(index, request)?;
        }
        while batch.step() {}
        batch.finish(requests.len())
    }
}

/// One completion in the making.
struct Sequence<'a> {
    request: usize,
    prompt: &'a Prompt,
    prompt_rows: KeyRows,
    first_row: usize,
    key: DrawKey,
    /// Ids of prompt and completion, kept only for the repetition penalty.
    seen: Vec<u32>,
    completion: Completion,
    running: bool,
}

struct Batch<'a> {
    model: &'a VlModel,
    settings: &'a SamplingSettings,
    cache: KvCache,
    /// First row of the cache that nobody owns.
    free: usize,
    sequences: Vec<Sequence<'a>>,
}

impl<'a> Batch<'a> {
    /// Reads a prompt into the cache and draws the first token of each of its completions.
    fn admit(&mut self, index: usize, request: &Request<'a>) -> Result<(), PromptError> {
        let rows = self.take_rows(request.prompt.tokens.len());
        let hidden = self.prefill(request.prompt, rows)?;
        let logits = self.logits(hidden);
        for sample in 0..request.samples {
            let first_row = self.take_rows(self.settings.max_new_tokens).start;
            let key = DrawKey { sample: request.key.sample + sample as u64, ..request.key };
            let penalised = self.settings.repetition_penalty != 1.0;
            self.sequences.push(Sequence {
                request: index,
                prompt: request.prompt,
                prompt_rows: rows,
                first_row,
                key,
                seen: if penalised { request.prompt.ids.clone() } else { Vec::new() },
                completion: Completion { token_ids: vec![], logprobs: vec![], finish: FinishReason::Length },
                running: self.settings.max_new_tokens > 0,
            });
            if let Some(sequence) = self.sequences.last_mut().filter(|sequence| sequence.running) {
                sequence.draw(&mut logits.clone(), self.settings);
            }
        }
        Ok(())
    }

    fn take_rows(&mut self, len: usize) -> KeyRows {
        let start = self.free;
        self.free += len;
        KeyRows { start, stride: 1, len }
    }

    /// The final hidden state of the prompt's last token, `[1, hidden]`.
    fn prefill(&mut self, prompt: &Prompt, rows: KeyRows) -> Result<Tensor<2>, PromptError> {
        let embedded = self.model.embed(prompt)?;
        let [n, width] = embedded.dims();
        let segment = Segment { queries: 0..n, keys: vec![rows], visibility: Visibility::Causal };
        let plan =
            AttentionPlan::new(vec![segment], n, self.cache.rows()).expect("rows were taken from the cache");
        let places: Vec<usize> = (rows.start..rows.start + n).collect();
        let mut memory = Memory::Cache { cache: &mut self.cache, places: &places };
        let hidden = self.model.model.forward(embedded, &prompt.positions, &plan, &mut memory);
        Ok(hidden.slice([n - 1..n, 0..width]))
    }

    /// Decodes one token of every running completion; false when none is left.
    fn step(&mut self) -> bool {
        let running: Vec<usize> = (0..self.sequences.len()).filter(|i| self.sequences[*i].running).collect();
        if running.is_empty() {
            return false;
        }
        let together = if self.model.device() == Device::flex() { ROWS_TOGETHER } else { running.len() };
        for running in running.chunks(together) {
            let inputs: Vec<Input> = running.iter().map(|i| self.sequences[*i].input()).collect();
            let hidden = self.forward(&inputs);
            let mut logits = self.logits(hidden);
            let vocabulary = logits.len() / running.len();
            for (i, row) in running.iter().zip(logits.chunks_exact_mut(vocabulary)) {
                self.sequences[*i].draw(row, self.settings);
            }
        }
        true
    }

    fn forward(&mut self, inputs: &[Input]) -> Tensor<2> {
        let ids: Vec<u32> = inputs.iter().map(|input| input.token).collect();
        let positions: Vec<[i64; 3]> = inputs.iter().map(|input| input.position).collect();
        let places: Vec<usize> = inputs.iter().map(|input| input.place).collect();
        let segments = inputs.iter().enumerate().map(|(row, input)| Segment {
            queries: row..row + 1,
            keys: input.keys.to_vec(),
            visibility: Visibility::Full,
        });
        let plan = AttentionPlan::new(segments.collect(), inputs.len(), self.cache.rows())
            .expect("each row is one query over rows of the cache");
        let mut memory = Memory::Cache { cache: &mut self.cache, places: &places };
        let rows = self.model.model.embed_tokens.forward(&ids);
        self.model.model.forward(rows, &positions, &plan, &mut memory)
    }

    /// Logits of every row, on the host.
    fn logits(&self, hidden: Tensor<2>) -> Vec<f32> {
        let logits = fused_ops::linear(hidden, self.model.head(), None);
        logits.into_data().convert::<f32>().try_into_vec().expect("logits were converted to f32")
    }

    fn finish(self, requests: usize) -> Result<Vec<Vec<Completion>>, PromptError> {
        let mut completions: Vec<Vec<Completion>> = (0..requests).map(|_| Vec::new()).collect();
        for Sequence { request, completion, .. } in self.sequences {
            // One logit that is NaN or infinite leaves its mark on the sum below every log-probability.
            if completion.logprobs.iter().any(|logprob| !logprob.is_finite()) {
                return Err(PromptError::NotFinite { request });
            }
            completions[request].push(completion);
        }
        Ok(completions)
    }
}

/// What one completion feeds into a step: its newest token and what that token sees.
struct Input {
    token: u32,
    position: [i64; 3],
    place: usize,
    keys: [KeyRows; 2],
}

impl Sequence<'_> {
    fn input(&self) -> Input {
        let written = self.completion.token_ids.len();
        let own = KeyRows { start: self.first_row, stride: 1, len: written };
        Input {
            token: self.completion.token_ids[written - 1],
            position: self.prompt.generated_position(written - 1),
            place: self.first_row + written - 1,
            keys: [self.prompt_rows, own],
        }
    }

    /// Chooses the next token and ends the completion if that was its last.
    fn draw(&mut self, logits: &mut [f32], settings: &SamplingSettings) {
        let key = DrawKey { token: self.key.token + self.completion.token_ids.len() as u64, ..self.key };
        let Choice { token, logprob } = choose(logits, settings, &self.seen, key.uniform());
        self.completion.token_ids.push(token);
        self.completion.logprobs.push(logprob);
        if settings.repetition_penalty != 1.0 {
            self.seen.push(token);
        }
        if settings.stop.contains(&token) {
            self.completion.finish = FinishReason::Stop;
            self.running = false;
        } else if self.completion.token_ids.len() == settings.max_new_tokens {
            self.running = false;
        }
    }
}
