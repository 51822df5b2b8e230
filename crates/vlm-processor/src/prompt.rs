//! What the model is given for one row: typed tokens, their positions and the visuals they stand for.

use crate::grid::Patches;

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
