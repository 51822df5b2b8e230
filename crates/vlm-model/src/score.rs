//! Log-probabilities of given tokens.

use crate::layout::Layout;
use crate::{Activations, PromptError, Tape, VlModel};
use burn::tensor::{Int, Tensor, TensorData};
use fused_ops::ChosenLogProbs;
use std::ops::Range;
use vlm_processor::Prompt;

/// Which positions the tokens of a completion have.
///
/// They differ only where a video of Qwen2.5-VL lasts longer than its frames are wide; transformers does both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Continuation {
    /// Those of one pass over prompt and completion, as a forward call counts.
    #[default]
    OnePass,
    /// Those that the tokens had when they were generated: the ratio of a fresh sample is exactly 1.
    Generated,
}

/// How tokens are scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Scoring<'a> {
    /// What logits are divided by.
    pub temperature: f32,
    /// Ids that have probability zero.
    pub forbidden: &'a [u32],
    /// Positions of the completions.
    pub continuation: Continuation,
}

impl Default for Scoring<'_> {
    fn default() -> Self {
        Self { temperature: 1.0, forbidden: &[], continuation: Continuation::OnePass }
    }
}

/// A prompt and what is to be scored of it: some of its own tokens, completions after it, or both.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'a> {
    /// The prompt, computed once whatever is scored.
    pub prompt: &'a Prompt,
    /// Features of its visuals, one tensor each; computed here when absent.
    pub features: Option<&'a [Tensor<2>]>,
    /// Ranges of the prompt's tokens.
    pub spans: &'a [Range<usize>],
    /// Completions; each sees the prompt and itself.
    pub completions: &'a [&'a [u32]],
}

impl<'a> Scored<'a> {
    /// Completions of a prompt.
    pub fn group(prompt: &'a Prompt, completions: &'a [&'a [u32]]) -> Self {
        Self { prompt, features: None, spans: &[], completions }
    }

    /// Parts of a conversation.
    pub fn spans(prompt: &'a Prompt, spans: &'a [Range<usize>]) -> Self {
        Self { prompt, features: None, spans, completions: &[] }
    }

    /// The same with the features of its visuals, where they are known.
    #[must_use]
    pub fn with_features(self, features: impl Into<Option<&'a [Tensor<2>]>>) -> Self {
        Self { features: features.into(), ..self }
    }
}

impl VlModel {
    /// [`score_all`](Self::score_all) for the completions of one prompt.
    pub fn score(
        &self,
        prompt: &Prompt,
        completions: &[&[u32]],
        scoring: &Scoring,
    ) -> Result<ChosenLogProbs, PromptError> {
        self.score_all(&[Scored::group(prompt, completions)], scoring)
    }

    /// log p(yₜ | y₍<ₜ₎) of every scored token, and the entropy of the distribution it was drawn from: item by
    /// item, first the tokens of its spans, then those of its completions.
    ///
    /// All items go through the network together, packed without padding. A prompt is computed once for all its
    /// completions: each sees the prompt's rows and its own, which gives what separate passes would give.
    /// Differentiable when the model's weights are.
    pub fn score_all(&self, items: &[Scored], scoring: &Scoring) -> Result<ChosenLogProbs, PromptError> {
        Ok(self.score_on_tape(items, scoring, Activations::Kept)?.0)
    }

    /// [`score_all`](Self::score_all) with a choice of what is kept for the gradient. The gradients of a loss of these
    /// scores go through [`Tape::backward`] to reach the weights of the layers.
    pub fn score_on_tape(
        &self,
        items: &[Scored],
        scoring: &Scoring,
        activations: Activations,
    ) -> Result<(ChosenLogProbs, Tape), PromptError> {
        let layout = Layout::new(items)?;
        if layout.targets.is_empty() {
            let none = || Tensor::zeros([0], &self.device());
            return Ok((ChosenLogProbs { log_probs: none(), entropy: none() }, Tape::default()));
        }
        let (rows, below) = self.embed_items(items, activations)?;
        let positions = layout.positions(items, scoring.continuation);
        let (hidden, tape) = self.model.forward_on_tape(rows, &positions, &layout.plan(), activations);
        let hidden = select_rows(hidden, &layout.predictors);
        // An id without a row in the head has no probability to take away.
        let known = |id: &u32| (*id as usize) < self.config().text.vocab_size;
        let forbidden: Vec<u32> = scoring.forbidden.iter().copied().filter(known).collect();
        let targets = &layout.targets;
        let scores =
            fused_ops::token_log_probs(hidden, self.head(), targets, scoring.temperature, &forbidden);
        Ok((scores, tape.above(below)))
    }

    /// Embedded rows of all items in the order of their layout, and the tapes of the pictures that were encoded.
    fn embed_items(
        &self,
        items: &[Scored],
        activations: Activations,
    ) -> Result<(Tensor<2>, Vec<Tape>), PromptError> {
        let (mut parts, mut tapes) = (Vec::new(), Vec::new());
        for item in items {
            parts.push(match item.features {
                Some(features) => self.embed_with(item.prompt, features)?,
                None => {
                    let encoded = self.encode_on_tape(item.prompt, activations)?;
                    let (features, own): (Vec<_>, Vec<_>) = encoded.into_iter().unzip();
                    tapes.extend(own);
                    self.embed_with(item.prompt, &features)?
                }
            });
            self.check_ids(item.completions.iter().flat_map(|completion| completion.iter().copied()))?;
            let ids: Vec<u32> = Layout::inputs(item).collect();
            if !ids.is_empty() {
                parts.push(self.model.embed_tokens.forward(&ids));
            }
        }
        let rows = if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 0) };
        Ok((rows, tapes))
    }
}

fn select_rows(hidden: Tensor<2>, rows: &[usize]) -> Tensor<2> {
    let [n, width] = hidden.dims();
    // What SFT and DPO often want is one run of rows: a view instead of a gathering.
    if rows.windows(2).all(|pair| pair[0] + 1 == pair[1]) {
        return hidden.slice([rows[0]..rows[0] + rows.len(), 0..width]);
    }
    debug_assert!(rows.iter().all(|row| *row < n));
    let rows: Vec<i64> = rows.iter().map(|row| *row as i64).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows.clone(), [rows.len()]), &hidden.device());
    hidden.select(0, rows)
}
