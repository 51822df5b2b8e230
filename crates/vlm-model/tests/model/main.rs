//! The model against what transformers recorded.

mod fixture;
mod heads;
mod parity;
mod saving;
#[cfg(feature = "wgpu")]
mod webgpu;
