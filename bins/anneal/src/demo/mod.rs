//! The whole story on a CPU: a model made from nothing learns to count.

mod measure;
mod recipes;

pub use measure::measure;
pub use recipes::{DPO, GRPO, SFT};
