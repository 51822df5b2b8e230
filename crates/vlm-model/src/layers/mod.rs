//! Layers that both the decoder and the vision towers are made of.

mod linear;
mod mlp;
mod norm;
mod rotary;

pub use linear::Bias;
pub use lora::Linear;
pub use mlp::GatedMlp;
pub use norm::{LayerNorm, RmsNorm};
pub use rotary::{Angles, RotaryTable};
