//! What the model is given for one row: typed tokens, their positions and the visuals they stand for.

use crate::grid::Patches;
use crate::row_error::RowProblem;

/// One position of a prompt. A visual's placeholder is not a text token, so code that cuts, pads or
/// samples text cannot touch the inside of an image by accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    /// An ordinary or special token of the tokenizer.
    Text(u32),
    /// Feature `index` of visual `visual` (an index into [`Prompt::visuals`]).
    Vision {
        /// Which visual of the row, counted over images and videos in the order they appear.
        visual: u32,
        /// Which of its merged features, in raster order.
        index: u32,
    },
}

/// Whether a visual is a still image or a clip: they differ in placeholder id and in positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VisualKind {
    /// A still image.
    Image,
    /// A list of frames.
    Video,
}

/// One image or video of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Visual {
    /// Image or video.
    pub kind: VisualKind,
    /// Its pixels as the vision tower reads them.
    pub patches: Patches,
}

/// A row made ready for the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// Typed tokens, one per position.
    pub tokens: Vec<Token>,
    /// The same positions as plain ids (placeholders carry the image or video pad id): what
    /// transformers calls `input_ids`.
    pub ids: Vec<u32>,
    /// M-RoPE positions (time, height, width) of every token.
    pub positions: Vec<[i64; 3]>,
    /// What to add to a token's index to get the position of a token generated after the prompt:
    /// transformers' `rope_deltas`.
    pub delta: i64,
    /// Images and videos in the order in which the tokens refer to them.
    pub visuals: Vec<Visual>,
}

impl AsRef<Self> for Prompt {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Prompt {
    /// Position of the `n`-th token written after the prompt while generating with a cache:
    /// its index plus [`Prompt::delta`], as transformers' `generate` counts.
    pub fn generated_position(&self, n: usize) -> [i64; 3] {
        [(self.tokens.len() as i64).saturating_add_unsigned(n as u64).saturating_add(self.delta); 3]
    }

    /// Position of the `n`-th completion token in one forward pass over prompt and completion.
    ///
    /// It differs from [`Prompt::generated_position`] where a video of Qwen2.5-VL lasts longer than its
    /// frames are wide: text then goes on below the video's largest time, while `delta` counts from it.
    /// Both are what transformers does.
    pub fn scored_position(&self, n: usize) -> [i64; 3] {
        let last = self.positions.last().map_or(-1, |axes| axes.iter().copied().max().unwrap_or(-1));
        [last.saturating_add(1).saturating_add_unsigned(n as u64); 3]
    }

    /// The first `len` tokens as a prompt of their own, with the visuals that they show.
    #[must_use]
    pub fn prefix(&self, len: usize) -> Self {
        let len = len.min(self.tokens.len());
        let tokens = self.tokens[..len].to_vec();
        let shown = tokens.iter().filter_map(|token| match token {
            Token::Vision { visual, .. } => Some(*visual as usize + 1),
            Token::Text(_) => None,
        });
        let visuals = self.visuals[..shown.max().unwrap_or(0)].to_vec();
        let positions = self.positions[..len].to_vec();
        let next = positions.iter().flatten().max().map_or(0, |last| last + 1);
        Self { tokens, ids: self.ids[..len].to_vec(), positions, delta: next - len as i64, visuals }
    }

    /// Checks that every visual has as many tokens as features after merging `merge_size`² patches.
    pub fn check_features(&self, merge_size: usize) -> Result<(), RowProblem> {
        let mut tokens = vec![0; self.visuals.len()];
        for token in &self.tokens {
            if let Token::Vision { visual, .. } = *token {
                let visual = visual as usize;
                let count = tokens.get_mut(visual);
                *count.ok_or(RowProblem::FeatureCount { visual, tokens: 1, features: 0 })? += 1;
            }
        }
        for (visual, (tokens, part)) in tokens.into_iter().zip(&self.visuals).enumerate() {
            let features = part.patches.grid.tokens(merge_size.max(1));
            if tokens != features {
                return Err(RowProblem::FeatureCount { visual, tokens, features });
            }
        }
        Ok(())
    }
}
