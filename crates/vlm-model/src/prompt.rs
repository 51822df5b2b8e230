//! A prompt's tokens and visuals as rows of the decoder.

use crate::{Activations, Tape, VlModel};
use burn::tensor::Tensor;
use std::ops::Range;
use vlm_processor::{Prompt, Token, Visual};

/// Why a prompt does not fit the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// There is nothing to read.
    #[error("the prompt has no tokens; at least one is needed")]
    Empty,
    /// An id has no row in the embedding table.
    #[error(
        "token {index} has id {id}, expected an id below the vocabulary size {vocabulary}; do tokenizer and model belong together?"
    )]
    UnknownToken {
        /// Where it stands.
        index: usize,
        /// The id.
        id: u32,
        /// Number of ids the model knows.
        vocabulary: usize,
    },
    /// A token that should be scored cannot be.
    #[error(
        "token {index} of {tokens} cannot be a label, expected a text token after the first: labels belong to what the \
         assistant wrote"
    )]
    Label {
        /// Where it stands.
        index: usize,
        /// Tokens of the prompt.
        tokens: usize,
    },
    /// The placeholders of a visual do not match its features.
    #[error(
        "visual {visual} has {features} features, but the prompt holds {placeholders} placeholders for it"
    )]
    Placeholders {
        /// Index of the visual in the prompt.
        visual: usize,
        /// Features that its grid gives.
        features: usize,
        /// Placeholders found.
        placeholders: usize,
    },
    /// Pixel values do not fill the grid that goes with them.
    #[error("visual {visual} has {found} pixel values, expected {expected} for its grid")]
    Pixels {
        /// Index of the visual in the prompt.
        visual: usize,
        /// Numbers found.
        found: usize,
        /// Numbers that the grid calls for.
        expected: usize,
    },
}

impl VlModel {
    /// Embedded rows of a prompt, `[tokens, hidden]`: text from the table, placeholders from the vision tower.
    pub fn embed(&self, prompt: &Prompt) -> Result<Tensor<2>, PromptError> {
        let features: Vec<Tensor<2>> = self.encode(prompt)?;
        self.embed_with(prompt, &features)
    }

    /// Features of every visual of a prompt, `[placeholders, hidden]` each.
    pub fn encode(&self, prompt: &Prompt) -> Result<Vec<Tensor<2>>, PromptError> {
        Ok(self
            .encode_on_tape(prompt, Activations::Kept)?
            .into_iter()
            .map(|(features, _)| features)
            .collect())
    }

    /// [`encode`](Self::encode) with the tapes that gradients need beside those of the features.
    pub(crate) fn encode_on_tape(
        &self,
        prompt: &Prompt,
        activations: Activations,
    ) -> Result<Vec<(Tensor<2>, Tape)>, PromptError> {
        self.check(prompt)?;
        let encoded = |visual: &Visual| self.visual.forward_on_tape(&visual.patches, activations);
        Ok(prompt.visuals.iter().map(encoded).collect())
    }

    /// [`embed`](Self::embed) with the features of the visuals given.
    pub fn embed_with(&self, prompt: &Prompt, features: &[Tensor<2>]) -> Result<Tensor<2>, PromptError> {
        let places = self.check(prompt)?;
        // A placeholder's own embedding is never used; any id inside the table stands in for it.
        let ids: Vec<u32> =
            prompt.tokens.iter().map(|token| if let Token::Text(id) = token { *id } else { 0 }).collect();
        let mut rows = self.model.embed_tokens.forward(&ids);
        for (visual, place) in places.into_iter().enumerate() {
            let width = rows.dims()[1];
            let given = features.get(visual).filter(|features| features.dims() == [place.len(), width]);
            let given = given.ok_or(PromptError::Placeholders {
                visual,
                features: features.get(visual).map_or(0, |features| features.dims()[0]),
                placeholders: place.len(),
            })?;
            rows = rows.slice_assign([place, 0..width], given.clone());
        }
        Ok(rows)
    }

    /// Checks ids, placeholders and pixels; returns the rows of each visual.
    fn check(&self, prompt: &Prompt) -> Result<Vec<Range<usize>>, PromptError> {
        if prompt.tokens.is_empty() {
            return Err(PromptError::Empty);
        }
        self.check_ids(prompt.tokens.iter().map(|token| match token {
            Token::Text(id) => *id,
            Token::Vision { .. } => 0,
        }))?;
        let merge = self.config().vision.merge_size;
        let columns = self.config().vision.patch_values();
        let mut places = Vec::with_capacity(prompt.visuals.len());
        for (index, visual) in prompt.visuals.iter().enumerate() {
            let (grid, found) = (visual.patches.grid, visual.patches.values.len());
            let expected = grid.patches() * columns;
            if found != expected || !grid.h.is_multiple_of(merge) || !grid.w.is_multiple_of(merge) {
                return Err(PromptError::Pixels { visual: index, found, expected });
            }
            places.push(run_of(prompt, index, grid.tokens(merge))?);
        }
        Ok(places)
    }

    /// Checks that every id has an embedding.
    pub(crate) fn check_ids(&self, ids: impl Iterator<Item = u32>) -> Result<(), PromptError> {
        let vocabulary = self.config().text.vocab_size;
        for (index, id) in ids.enumerate() {
            if id as usize >= vocabulary {
                return Err(PromptError::UnknownToken { index, id, vocabulary });
            }
        }
        Ok(())
    }
}

/// The rows that stand for a visual: all its features in order, one after another.
fn run_of(prompt: &Prompt, visual: usize, features: usize) -> Result<Range<usize>, PromptError> {
    let belongs = |token: &Token| matches!(token, Token::Vision { visual: v, .. } if *v as usize == visual);
    let placeholders = prompt.tokens.iter().filter(|token| belongs(token)).count();
    let error = PromptError::Placeholders { visual, features, placeholders };
    let start = prompt.tokens.iter().position(belongs).ok_or_else(|| error.clone())?;
    let run = prompt.tokens.iter().skip(start).take(features);
    let in_order =
        run.enumerate().all(|(i, token)| *token == Token::Vision { visual: visual as u32, index: i as u32 });
    if placeholders == features && in_order { Ok(start..start + features) } else { Err(error) }
}
