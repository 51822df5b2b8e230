//! Who writes completions.

use crate::group_batch::GroupBatch;
use crate::sampling::SamplingParams;

/// Turns prompts into groups of completions. `P` is whatever a prompt is.
///
/// An implementation must
/// - answer every prompt, in order, with [`SamplingParams::num_generations`] completions, or fail,
/// - report the log-probability each token was really drawn with, end token included,
/// - draw the same completions again for the same parameters, seed and weights.
///
/// The receiver is mutable: engines keep caches, clients keep connections.
pub trait Sampler<P> {
    /// What can go wrong.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Samples one group per prompt.
    fn sample(&mut self, prompts: Vec<P>, params: &SamplingParams) -> Result<GroupBatch<P>, Self::Error>;
}
