//! Pixels and text to the inputs of Qwen2-VL and Qwen2.5-VL.

mod grid;
mod prompt;

pub use grid::{Grid, Patches};
pub use prompt::{Prompt, Token, Visual, VisualKind};
