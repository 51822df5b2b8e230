//! The four ways of training.

use std::fmt;

/// Which training a recipe is for; the name of the command that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Supervised fine-tuning.
    Sft,
    /// Preference optimisation.
    Dpo,
    /// Reinforcement learning with groups of completions per prompt.
    Grpo,
    /// Reinforcement learning with one completion per prompt (Reinforce++).
    Reinforce,
}

impl Kind {
    /// All of them, in the order in which they are usually run.
    pub const ALL: [Self; 4] = [Self::Sft, Self::Dpo, Self::Grpo, Self::Reinforce];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sft => "sft",
            Self::Dpo => "dpo",
            Self::Grpo => "grpo",
            Self::Reinforce => "reinforce",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
