//! Who scores completions.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::group_batch::GroupBatch;

/// Which weights score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Adapters {
    /// The policy in training.
    #[default]
    On,
    /// The base model below its adapters: the reference, for free.
    Off,
}

/// Whether entropies are wanted; they cost a pass over the vocabulary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntropyRequest {
    /// No.
    #[default]
    Skip,
    /// One entropy per token.
    Compute,
}

/// What to score with, and what to compute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScoreRequest {
    /// Which weights.
    pub adapters: Adapters,
    /// Entropies or not.
    pub entropy: EntropyRequest,
}

/// Scores of all completions of a batch.
#[derive(Debug, Clone)]
pub struct Scores {
    /// ℓ: natural log-probability of each chosen token, over the full vocabulary, at the sampling temperature,
    /// `[B, T]` as in [`GroupBatch::mask`]. Padding may hold anything.
    pub logp_bt: Tensor<2>,
    /// H: entropy of each token's distribution, `[B, T]`, when asked for.
    pub entropy_bt: Option<Tensor<2>>,
}

/// Scores completions, differentiably. `P` is whatever a prompt is.
///
/// An implementation decides how prompts are encoded, what is cached and how rows are packed. It must
/// - keep the row order of [`GroupBatch::completions`] and the width of [`GroupBatch::mask`],
/// - track gradients to its trainable weights with [`Adapters::On`], if they live on an autodiff device,
/// - give the same numbers for the same rows in any batch, within rounding.
///
/// `downstream-rl-algos` among the examples implements it for a toy model in a few lines.
pub trait Policy<P> {
    /// What can go wrong.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Scores every completion of the batch.
    fn score(&self, batch: &GroupBatch<P>, request: ScoreRequest) -> Result<Scores, Self::Error>;
}
