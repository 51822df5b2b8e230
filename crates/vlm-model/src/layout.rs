//! Where the rows of several prompts and their completions lie in one packed pass.

use crate::PromptError;
use crate::score::{Continuation, Scored};
use fused_ops::{AttentionPlan, KeyRows, Segment, Visibility};
use std::ops::Range;
use vlm_processor::Token;

/// Item after item: the prompt, then each completion without its last token, which predicts nothing.
pub(crate) struct Layout {
    segments: Vec<Segment>,
    rows: usize,
    /// The ids to score, in order.
    pub targets: Vec<u32>,
    /// The row whose hidden state predicts each of them.
    pub predictors: Vec<usize>,
}

impl Layout {
    pub fn new(items: &[Scored]) -> Result<Self, PromptError> {
        let mut layout = Self { segments: vec![], rows: 0, targets: vec![], predictors: vec![] };
        for item in items {
            layout.add(item)?;
        }
        Ok(layout)
    }

    /// Input tokens of an item's completions.
    pub fn inputs<'a>(item: &Scored<'a>) -> impl Iterator<Item = u32> + use<'a> {
        item.completions.iter().flat_map(|completion| &completion[..inputs(completion)]).copied()
    }

    /// Every row's position.
    pub fn positions(&self, items: &[Scored], continuation: Continuation) -> Vec<[i64; 3]> {
        let mut positions = Vec::with_capacity(self.rows);
        for Scored { prompt, completions, .. } in items {
            positions.extend_from_slice(&prompt.positions);
            positions.extend(completions.iter().flat_map(|c| 0..inputs(c)).map(|n| match continuation {
                Continuation::OnePass => prompt.scored_position(n),
                Continuation::Generated => prompt.generated_position(n),
            }));
        }
        positions
    }

    pub fn plan(&self) -> AttentionPlan {
        AttentionPlan::new(self.segments.clone(), self.rows, self.rows)
            .expect("completions follow one another after their prompt")
    }

    fn add(&mut self, item: &Scored) -> Result<(), PromptError> {
        let prompt = self.take(item.prompt.tokens.len(), None);
        for span in item.spans {
            self.add_span(item, prompt, span)?;
        }
        for completion in item.completions {
            let own = self.take(inputs(completion), Some(prompt));
            let Some(last) = (prompt.start + prompt.len).checked_sub(1).filter(|_| prompt.len > 0) else {
                return Err(PromptError::Empty);
            };
            self.targets.extend_from_slice(completion);
            self.predictors.extend((!completion.is_empty()).then_some(last));
            self.predictors.extend(own.start..own.start + own.len);
        }
        Ok(())
    }

    fn add_span(&mut self, item: &Scored, prompt: KeyRows, span: &Range<usize>) -> Result<(), PromptError> {
        for index in span.clone() {
            let token = item.prompt.tokens.get(index).filter(|_| index > 0);
            let Some(Token::Text(id)) = token else {
                return Err(PromptError::Label { index, tokens: prompt.len });
            };
            self.targets.push(*id);
            self.predictors.push(prompt.start + index - 1);
        }
        Ok(())
    }

    /// The next `len` rows, which see each other and, where given, a prompt.
    fn take(&mut self, len: usize, prompt: Option<KeyRows>) -> KeyRows {
        let own = KeyRows { start: self.rows, stride: 1, len };
        if len > 0 {
            let keys = prompt.into_iter().chain([own]).collect();
            let queries = self.rows..self.rows + len;
            self.segments.push(Segment { queries, keys, visibility: Visibility::Causal });
        }
        self.rows += len;
        own
    }
}

fn inputs(completion: &&[u32]) -> usize {
    completion.len().saturating_sub(1)
}
