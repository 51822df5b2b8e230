//! Rewards of CoVT-Reasoner: penalties on reasoning with visual notes, and whether the notes were needed.

mod answer;
mod necessity;
mod pads;
mod penalties;
mod repeat;

pub use answer::{ViewAnswerAccuracy, same_answer};
pub use necessity::{
    AblationNecessity, FeatureProfile, GroupNecessity, NecessityRules, Rollout, ablation_necessity,
    group_necessity,
};
pub use pads::{Pad, uses_features};
pub use penalties::{ContentPenalty, ContextPenalty, ContextRule, CountPenalty, PhrasePenalty};
pub use repeat::{NonRepeat, RepetitionPenalty, has_no_repeats, repetition_share};
