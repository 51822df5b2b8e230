//! Learning from a model's own answers: GRPO and its relatives, Reinforce++.
//!
//! | file | holds |
//! |---|---|
//! | `generate` | the four stages of a generation: sample, judge, consult, weigh |
//! | `method` | the step: generate when nothing is left, learn from the next part |
//! | `advantage`, `surrogate`, `loss` | rewards to advantages to a loss, by the functions of [`rl_algos`] |
//! | `figures` | what is logged |

mod advantage;
mod attempt;
mod evaluate;
mod experience;
mod figures;
pub mod generate;
mod health;
mod loss;
mod method;
mod settings;
mod silence;
mod surrogate;
mod task;

pub use advantage::AdvantageRule;
pub use experience::{Experience, Written};
pub use generate::Decode;
pub use health::{BadRewards, RewardHealth};
pub use loss::{Computed, Scored, Whole};
pub use method::Online;
pub use settings::{
    Divisor, KlCorrection, KlTerm, LossSettings, OnlineSettings, Reference, Rhythm, Truncated,
};
pub use surrogate::{Surrogate, SurrogateLoss};
pub use task::Task;
