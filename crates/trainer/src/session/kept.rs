//! What a forward pass keeps for its gradient, counted from what the operations of `fused-ops` save.
//!
//! Of a decoder of 12 layers of width 1024 with adapters of rank 16 and rows of 512 tokens, the example `memory` of
//! `vlm-model` measures 373 MiB at most where everything is kept and 86 MiB where layers are computed again; these counts
//! give 376 and 76.

use std::fmt;
use vlm_model::config::{TextConfig, VisionConfig};
use vlm_model::{Activations, ModelConfig};

/// Numbers that a pass keeps until its gradients are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Of a token, in one layer of the decoder.
    pub token: u64,
    /// Of a token, in all that stands above the tower.
    pub decoder: u64,
    /// Of a patch of a picture, in one block of the tower; 0 where nothing in the tower or the merger is trained.
    pub patch: u64,
    /// Of a patch, in tower and merger.
    pub tower: u64,
    /// Layers of the decoder.
    pub layers: usize,
    /// Blocks of the tower.
    pub blocks: usize,
    /// Whether all of them are kept whole.
    pub activations: Activations,
}

impl Kept {
    /// Counts for a model whose adapters have `rank`, which is 0 without adapters.
    pub(super) fn of(config: &ModelConfig, activations: Activations, rank: u64, vision: Vision) -> Self {
        let (text, tower) = (&config.text, &config.vision);
        let (token, width) = (layer(text, rank), text.hidden_size as u64);
        // The last norm and the head keep their rows, and all layers share two tables of angles.
        let above = 2 * width + 2 * text.head_dim() as u64;
        let decoder = stack(text.layers, token, width, activations) + working(text) + above;
        let (patch, tower) = match vision {
            Vision::Frozen => (0, 0),
            Vision::Trained => {
                let (patch, width) = (block(tower, rank), tower.hidden_size as u64);
                (patch, stack(tower.depth, patch, width, activations) + merger(tower))
            }
        };
        let (layers, blocks) = (config.text.layers, config.vision.depth);
        Self { token, decoder, patch, tower, layers, blocks, activations }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} numbers of a token in each of {} decoder layers", self.token, self.layers)?;
        match self.patch {
            0 => write!(
                f,
                ", none in the {} blocks of the tower, which no gradient goes through",
                self.blocks
            )?,
            patch => write!(f, ", {patch} of a patch in each of {} blocks of the tower", self.blocks)?,
        }
        match self.activations {
            Activations::Kept => Ok(()),
            Activations::Recomputed => {
                f.write_str("; all but one keep only what went in, and compute the rest again")
            }
        }
    }
}

/// Whether gradients reach the vision tower or the merger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vision {
    /// Its features are plain numbers.
    Frozen,
    /// They are taken through it.
    Trained,
}

/// Layers one above the other; computed again, all but one leave only their input.
fn stack(layers: usize, whole: u64, input: u64, activations: Activations) -> u64 {
    let layers = layers as u64;
    match activations {
        Activations::Kept => layers * whole,
        Activations::Recomputed => layers.saturating_sub(1) * input + whole,
    }
}

/// A layer of the decoder: each norm its input, its root mean square and its result, which the maps read; the attention
/// queries, keys, values, its result and a number for each head; the gated unit gate, up and their product; and what comes
/// out of the narrow side of seven adapters.
fn layer(text: &TextConfig, rank: u64) -> u64 {
    let (width, inner) = (text.hidden_size as u64, text.intermediate_size as u64);
    let keys = (text.kv_heads * text.head_dim()) as u64;
    let norms = 2 * (2 * width + 1);
    let attention = 2 * width + 2 * keys + text.heads as u64;
    norms + attention + 3 * inner + 7 * rank
}

/// Gradients of one layer while it is gone through: of the gated unit's three parts, and of the rows on both sides.
fn working(text: &TextConfig) -> u64 {
    (3 * text.intermediate_size + 2 * text.hidden_size) as u64
}

/// A block of the tower: as a layer of the decoder, but queries, keys and values come from one map, whose result is kept
/// beside the turned queries and keys.
fn block(tower: &VisionConfig, rank: u64) -> u64 {
    let (width, inner) = (tower.hidden_size as u64, tower.intermediate_size as u64);
    2 * (2 * width + 1) + 6 * width + tower.heads as u64 + 3 * inner + 5 * rank
}

/// The merger: its norm's input and result, and two rows around the activation between its maps.
fn merger(tower: &VisionConfig) -> u64 {
    4 * tower.hidden_size as u64 + 1
}
