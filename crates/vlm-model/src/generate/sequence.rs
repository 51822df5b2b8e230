//! One completion in the making.

use super::choose::{Choice, choose};
use super::random::DrawKey;
use super::settings::SamplingSettings;

/// Why a completion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// It wrote an end token, which is its last token.
    Stop,
    /// It reached the limit of new tokens.
    Length,
}

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

/// A completion, whose it is, and what its next draw depends on.
pub(super) struct Sequence {
    pub request: usize,
    /// Which of the request's completions.
    pub sample: usize,
    /// Key of the first draw.
    pub key: DrawKey,
    /// Ids of prompt and completion, kept only for the repetition penalty.
    pub seen: Vec<u32>,
    pub completion: Completion,
    /// Whether the last token is written.
    pub ended: bool,
}

impl Sequence {
    /// Nothing written yet; `key` is that of the request's first completion.
    pub(super) fn new(request: usize, sample: usize, key: DrawKey) -> Self {
        Self {
            request,
            sample,
            key: DrawKey { sample: key.sample.wrapping_add(sample as u64), ..key },
            seen: Vec::new(),
            completion: Completion {
                token_ids: Vec::new(),
                logprobs: Vec::new(),
                finish: FinishReason::Length,
            },
            ended: false,
        }
    }

    /// Chooses the next token and ends the completion if that was its last.
    pub(super) fn draw(&mut self, logits: &mut [f32], settings: &SamplingSettings) {
        let choice = choose(logits, settings, &self.seen, self.uniform(0));
        self.write(choice, settings);
    }

    /// The draw of the token after `ahead` more.
    pub(super) fn uniform(&self, ahead: usize) -> f64 {
        let token = self.completion.token_ids.len() + ahead;
        DrawKey { token: self.key.token + token as u64, ..self.key }.uniform()
    }

    /// Writes a token and ends the completion if that was its last.
    pub(super) fn write(&mut self, Choice { token, logprob }: Choice, settings: &SamplingSettings) {
        let written = &mut self.completion;
        written.token_ids.push(token);
        written.logprobs.push(logprob);
        if settings.penalises() {
            self.seen.push(token);
        }
        if settings.stop.contains(&token) {
            written.finish = FinishReason::Stop;
        }
        let full = written.token_ids.len() >= settings.max_new_tokens;
        self.ended = full || written.finish == FinishReason::Stop;
    }
}
