//! Sampling a whole data set to judge a model.

use crate::{LocalSampler, RolloutError};
use rl_algos::{Group, Sampler, SamplingParams};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use vlm_processor::Prompt;

/// The same parameters for one completion of the likeliest tokens.
///
/// ```
/// let params = rollout::greedy(rl_algos::SamplingParams::default().with_seed(7));
/// assert_eq!((params.temperature(), params.num_generations()), (0.0, 1));
/// ```
pub fn greedy(params: SamplingParams) -> SamplingParams {
    let greedy = params.with_temperature(0.0).and_then(|params| params.with_num_generations(1));
    greedy.expect("0 is a temperature and 1 a number of completions")
}

impl<D: Fn(&[u32]) -> String> LocalSampler<'_, D> {
    /// Samples a stream of prompts and hands over one group after the other, in order, each with its place in the
    /// stream; `each` ends the stream by breaking.
    ///
    /// Of the stream, `window` prompts are held at a time. Within a window long prompts run first, and finished
    /// completions make room for others. A prompt's draws depend on its place in the stream, not on the window.
    pub fn evaluate<P: AsRef<Prompt>>(
        &mut self,
        prompts: impl IntoIterator<Item = P>,
        window: NonZeroUsize,
        params: &SamplingParams,
        mut each: impl FnMut(usize, &Group<P>) -> ControlFlow<()>,
    ) -> Result<(), RolloutError> {
        let mut prompts = prompts.into_iter();
        let mut done = 0;
        loop {
            let next: Vec<P> = prompts.by_ref().take(window.get()).collect();
            let count = next.len();
            if count == 0 {
                return Ok(());
            }
            let batch = self.sample(next, params)?;
            self.advance(count);
            for (index, group) in batch.groups().iter().enumerate() {
                if each(done + index, group).is_break() {
                    return Ok(());
                }
            }
            done += count;
        }
    }
}
