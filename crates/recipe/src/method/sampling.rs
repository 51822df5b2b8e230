//! How completions are drawn.

use crate::error::RecipeError;
use crate::kind::Kind;
use crate::section::{Reader, settings};
use crate::setting::{Count, Nucleus, Positive};

settings! {
    /// How completions are drawn.
    pub struct SamplingSettings {
        /// Longest completion in tokens, its end token included.
        key max_completion_length: Count = |kind| Count::constant(if kind == Kind::Reinforce { 2048 } else { 512 });
        /// Longest prompt in tokens, images included; a longer one is a bad row. Null does not limit it.
        key max_prompt_length: Option<Count> = |kind| (kind == Kind::Reinforce).then_some(Count::constant(4096));
        /// Divides the logits, in sampling and in scoring alike.
        key temperature: Positive = |_| Positive::constant(1.0);
        /// Draws from the fewest tokens that hold this probability; 1 draws from all.
        key top_p: Nucleus = |_| Nucleus::constant(1.0);
        /// Draws from the so many likeliest tokens; 0 draws from all.
        key top_k: u32 = |_| 0;
        /// Divides the probability of tokens that already stand; 1 leaves it.
        key repetition_penalty: Positive = |_| Positive::constant(1.0);
        /// Takes the ids of image and video placeholders and of padding out of the distribution, in sampling and in scoring
        /// alike: a model must never write them. Not in TRL.
        key mask_vision_tokens: bool = |_| true;
        /// Writes every completion with its rewards below `output_dir`.
        key log_completions: bool = |_| false;
    }
}

impl SamplingSettings {
    /// Whether draws follow the distribution that is scored, so that a fresh sample's ratio is 1.
    pub fn follows_the_policy(&self) -> bool {
        self.top_p.get() == 1.0 && self.top_k == 0 && self.repetition_penalty.get() == 1.0
    }

    pub(crate) fn check(&self, reader: &Reader<'_>) -> Result<(), RecipeError> {
        if self.temperature.get() < 1e-3 {
            let fix = "raise `temperature`; 1.0 draws from the model's own distribution";
            return Err(reader.conflict("temperature", "at least 0.001, so that completions differ", fix));
        }
        Ok(())
    }
}
