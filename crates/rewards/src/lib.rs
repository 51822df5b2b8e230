//! Reward functions and answer judges.

mod choice;
mod contain;
mod error;
mod format;
mod group;
mod math;
mod names;
mod outcome;
mod reward;
mod set;
mod spread;
mod stats;
mod text;
mod grounding;

pub use choice::{AnswerParser, ChoiceAccuracy, LetterRange, Reading};
pub use error::RewardError;
pub use format::{Layout, ThinkAnswerFormat};
pub use group::{Completion, Finish, Gold, Group, Sample, Task};
pub use math::{MathAccuracy, MathGold, math_equal};
pub use names::UnknownName;
pub use outcome::{Finite, Outcome, UnparsedKind};
pub use reward::{Component, RewardFn, Role};
pub use set::{GroupReport, Judged, RewardSet};
pub use spread::{Spread, ZeroSpread};
pub use stats::RewardStats;
pub use text::{first_block, first_count, first_decimal, last_block, last_boxed, strip_box};
