//! The recipes of the three stages, as a user would write them.

/// Everything is trained: the model knows nothing yet. The vision tower learns five times slower.
pub const SFT: &str = include_str!("recipes/sft.yaml");

/// A first push, on adapters: the true number rather than one beside it.
pub const DPO: &str = include_str!("recipes/dpo.yaml");

/// The same adapter practises by itself; all it is told is whether the answer was right.
pub const GRPO: &str = include_str!("recipes/grpo.yaml");
