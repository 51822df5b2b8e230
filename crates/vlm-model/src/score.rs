//! Log-probabilities of given completions.

use crate::text::Memory;
use crate::{PromptError, VlModel};
use burn::tensor::Tensor;
use fused_ops::{AttentionPlan, ChosenLogProbs, KeyRows, Segment, Visibility};
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

/// How completions are scored.
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

impl VlModel {
    /// log p(yₜ | prompt, y₍<ₜ₎) of every token of every completion, and the entropy of the distribution it
    /// was drawn from: the tokens of all completions one after another.
    ///
    /// The prompt is computed once for the whole group: each completion sees the prompt's rows and its own,
    /// which gives what separate passes would give. Differentiable when the model's weights are.
    pub fn score(
        &self,
        prompt: &Prompt,
        completions: &[&[u32]],
        scoring: &Scoring,
    ) -> Result<ChosenLogProbs, PromptError> {
        self.check_ids(completions.iter().flat_map(|completion| completion.iter().copied()))?;
        let targets: Vec<u32> = completions.concat();
        if targets.is_empty() {
            let none = || Tensor::zeros([0], &self.device());
            return Ok(ChosenLogProbs { log_probs: none(), entropy: none() });
        }
        // An id without a row in the head has no probability to take away.
        let known = |id: &u32| (*id as usize) < self.config().text.vocab_size;
        let forbidden: Vec<u32> = scoring.forbidden.iter().copied().filter(known).collect();
        let layout = Layout::new(prompt.tokens.len(), completions);
        let mut rows = self.embed(prompt)?;
        if !layout.ids.is_empty() {
            rows = Tensor::cat(vec![rows, self.model.embed_tokens.forward(&layout.ids)], 0);
        }
        let positions = layout.positions(prompt, scoring.continuation);
        let hidden = self.model.forward(rows, &positions, &layout.plan(), &mut Memory::Pass);
        let hidden = layout.predictors(hidden);
        Ok(fused_ops::token_log_probs(hidden, self.head(), &targets, scoring.temperature, &forbidden))
    }
}

/// Where the rows of a group lie: the prompt, then each completion without its last token, which predicts
/// nothing.
struct Layout {
    prompt: usize,
    /// Input tokens of all completions.
    ids: Vec<u32>,
    /// Number of input rows of each completion, and of its targets.
    rows: Vec<usize>,
    targets: Vec<usize>,
}

impl Layout {
    fn new(prompt: usize, completions: &[&[u32]]) -> Self {
        let inputs = |completion: &&[u32]| completion.len().saturating_sub(1);
        Self {
            prompt,
            ids: completions.iter().flat_map(|c| &c[..inputs(c)]).copied().collect(),
            rows: completions.iter().map(inputs).collect(),
            targets: completions.iter().map(|completion| completion.len()).collect(),
        }
    }

    fn positions(&self, prompt: &Prompt, continuation: Continuation) -> Vec<[i64; 3]> {
        let own = self.rows.iter().flat_map(|rows| 0..*rows).map(|n| match continuation {
            Continuation::OnePass => prompt.scored_position(n),
            Continuation::Generated => prompt.generated_position(n),
        });
        prompt.positions.iter().copied().chain(own).collect()
    }

    fn plan(&self) -> AttentionPlan {
        let prompt = KeyRows { start: 0, stride: 1, len: self.prompt };
        let causal = |queries, keys| Segment { queries, keys, visibility: Visibility::Causal };
        let mut segments = vec![causal(0..self.prompt, vec![prompt])];
        let mut start = self.prompt;
        for rows in self.rows.iter().filter(|rows| **rows > 0) {
            let own = KeyRows { start, stride: 1, len: *rows };
            segments.push(causal(start..start + rows, vec![prompt, own]));
            start += rows;
        }
        AttentionPlan::new(segments, start, start).expect("completions follow one another after the prompt")
    }

    /// The hidden state that predicts each target: the prompt's last row, then the completion's own rows.
    fn predictors(&self, hidden: Tensor<2>) -> Tensor<2> {
        let width = hidden.dims()[1];
        let last = || hidden.clone().slice([self.prompt - 1..self.prompt, 0..width]);
        let mut parts = Vec::with_capacity(2 * self.rows.len());
        let mut start = self.prompt;
        for (rows, targets) in self.rows.iter().zip(&self.targets) {
            if *targets > 0 {
                parts.push(last());
            }
            if *rows > 0 {
                parts.push(hidden.clone().slice([start..start + rows, 0..width]));
            }
            start += rows;
        }
        Tensor::cat(parts, 0)
    }
}
