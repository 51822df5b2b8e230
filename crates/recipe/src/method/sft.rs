//! Supervised fine-tuning.

use super::overlong::Overlong;
use crate::section::settings;
use crate::setting::{Count, choices};

choices! {
    /// The loss of a labelled token.
    pub enum SftLoss {
        /// Cross-entropy.
        Nll = "nll",
        /// Cross-entropy times the token's own probability: dynamic fine-tuning, arXiv 2508.05629.
        Dft = "dft",
    }
}

settings! {
    /// Supervised fine-tuning.
    pub struct SftSettings {
        /// The loss of a labelled token.
        key loss_type: SftLoss = |_| SftLoss::Nll;
        /// Labels the assistant's tokens only. TRL: false, which also teaches the model to write the user's part.
        key assistant_only_loss: bool = |_| true;
        /// Longest row in tokens, images included; a longer one is a bad row. TRL: 1024, which cuts images in two.
        key max_length: Option<Count> = |_| None;
        /// What happens to a row that is longer than `max_length`. TRL cuts rows anywhere.
        key overlong: Overlong = |_| Overlong::Refuse;
        /// Puts short rows together up to `max_length` tokens; none sees another.
        key packing: bool = |_| false;
    }
}

impl SftSettings {
    pub(crate) fn check(&self, reader: &crate::section::Reader<'_>) -> Result<(), crate::RecipeError> {
        if self.packing && self.max_length.is_none() {
            let fix = "add `max_length: …`, or remove `packing`";
            return Err(reader.conflict("packing", "`max_length` beside it, the length to pack to", fix));
        }
        Ok(())
    }
}
