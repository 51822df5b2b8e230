//! The rewards of MAYE: a boxed-answer judge, a language penalty, and the score they make.

mod judge;
mod language;
mod normal;
mod reflection;
mod score;
mod split;

pub use judge::{BoxedJudge, BoxedRule, JudgeMode};
pub use language::{LanguagePenalty, ideograph_share};
pub use reflection::{REFLECTION_WORDS, Reflection, is_reflective};
pub use score::{MayeReward, MayeRules, Unfinished};
