//! Learning from given answers: supervised, and from pairs.

mod batch;
mod dpo;
mod preference_loss;
mod sft;

pub use batch::Batch;
pub use dpo::{Dpo, Pair, PairReference};
pub use preference_loss::PreferenceLoss;
pub use sft::{Sft, SupervisedLoss};
