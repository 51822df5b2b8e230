//! The whole story on a CPU: a model made from nothing learns to read small scenes.

mod measure;
mod recipes;
mod scenes;

pub use measure::measure;
pub use recipes::{DPO, GRPO, SFT};
pub use scenes::{Rows, write as write_scenes};
