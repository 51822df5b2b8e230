//! Reward functions and answer judges for reinforcement learning of language models.
//!
//! Text in, a typed [`Outcome`] out: a value that is finite by type, "does not apply", "could not be read" with the
//! reason, or a failure with its error. Nothing here reads files, opens connections or runs a model.
//!
//! - [`RewardFn`] judges a whole [`Group`] of completions of one [`Sample`].
//! - [`RewardSet`] adds rewards up with weights, contains those that panic, hang or miscount, and says why a group has
//!   no spread ("8 of 8 correct").
//! - [`reward_by_name`] finds a reward by the name a recipe uses.
//! - [`logic_rewards`], [`covt_rewards`], [`spatial_rewards`] and [`maye_rewards`] are the sums of published systems.
//!
//! ```
//! use rewards::{Group, RewardSet, Sample, reward_by_name};
//!
//! let set = RewardSet::new()
//!     .with_shared(reward_by_name("math_accuracy")?, 1.0)
//!     .with_shared(reward_by_name("think_format_reward")?, 0.2);
//! let sample = Sample::text("What is 3/4 as a decimal?", "0.75");
//! let group = Group::of_texts(sample, [r"<think>3/4</think> \boxed{\frac{3}{4}}", "It is 0.8."]);
//! let report = set.judge(&group);
//! assert_eq!(report.totals[0].map(|total| total.get()), Some(1.2));
//! assert_eq!(report.totals[1].map(|total| total.get()), Some(0.0));
//! # Ok::<(), rewards::RegistryError>(())
//! ```

mod choice;
mod contain;
mod covt;
mod error;
mod exact;
mod format;
mod grounding;
mod group;
mod icl;
mod logic;
mod math;
mod maye;
mod names;
mod outcome;
mod overlong;
mod presets;
mod quantity;
mod registry;
mod reward;
mod set;
mod spatial;
mod spread;
mod stats;
mod text;
mod unfit_sample;
mod vqa;

pub use choice::{AnswerParser, ChoiceAccuracy, LetterRange, Reading};
pub use covt::{
    AblationNecessity, ContentPenalty, ContextPenalty, ContextRule, CountPenalty, FeatureProfile,
    GroupNecessity, NecessityRules, NonRepeat, Pad, PhrasePenalty, RepetitionPenalty, Rollout,
    ViewAnswerAccuracy, ablation_necessity, group_necessity, has_no_repeats, repetition_share, same_answer,
    uses_features,
};
pub use error::RewardError;
pub use exact::{AnswerPart, ExactMatch};
pub use format::{Layout, ThinkAnswerFormat};
pub use grounding::{
    Box2d, GroundingAccuracy, GroundingFormat, Located, Point2d, assign, grounding_score, iou, pair_score,
    parse_objects,
};
pub use group::{Completion, Finish, Gold, Group, Sample, Task};
pub use icl::{
    CandidateScore, CandidateWeights, Normalisation, RewardMode, edit_similarity, ground_truth_probability,
    normalise_rewards, token_f1,
};
pub use logic::{
    AnswerParams, Arbiter, ArbiterError, ArbiterFailure, ArbiterQuery, ArbiterVerdict, Decision, Escalation,
    LetterEntropy, LogicalConsistency, RefereePrompt, RefereedConsistency, Retries, ScriptedArbiter,
    Stability, TextPrompt, Votes, certainty, jaccard, route,
};
pub use math::{MathAccuracy, MathGold, math_equal};
pub use maye::{
    BoxedJudge, BoxedRule, JudgeMode, LanguagePenalty, MayeReward, MayeRules, REFLECTION_WORDS, Reflection,
    Unfinished, ideograph_share, is_reflective,
};
pub use names::UnknownName;
pub use outcome::{Finite, Outcome, UnparsedKind};
pub use overlong::{BadOverlong, SoftOverlong};
pub use presets::{
    CovtPreset, LogicPreset, covt_rewards, grounding_necessity, logic_rewards, maye_rewards, spatial_rewards,
};
pub use quantity::{Dimension, NumericAccuracy, Quantity, Tolerance};
pub use registry::{Registry, RegistryError, reward_by_name, reward_names, reward_sentences};
pub use reward::{Component, RewardFn, Role};
pub use set::{GroupReport, Judged, RewardSet};
pub use spatial::{
    CombinedReward, CountingReward, DistanceReward, RelationMatch, SpatialReward, SpatialScore,
    SpatialWeights, count_score, distance_score,
};
pub use spread::{Spread, ZeroSpread};
pub use stats::RewardStats;
pub use text::{first_block, first_count, first_decimal, last_block, last_boxed, strip_box};
pub use unfit_sample::UnfitSample;
pub use vqa::{VqaAccuracy, VqaRule, normalise_answer, vqa_accuracy};
