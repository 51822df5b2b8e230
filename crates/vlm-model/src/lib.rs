//! Qwen2-VL and Qwen2.5-VL on burn: loading, scoring, generation.
//!
//! A model comes from any Hugging Face folder of the family, and gives the log-probabilities and greedy text
//! that transformers gives.
//!
//! | module | what it holds |
//! |---|---|
//! | [`config`] | `config.json` in both published layouts |
//! | [`device`] | what computes, by name |
//! | [`weights`] | safetensors in and out, every tensor accounted for |
//! | [`layers`] | linear, norms, gated MLP, rotary angles |
//! | [`vision`] | the vision towers |
//! | [`text`] | the decoder and its cache |
//! | [`generate`] | sampling and decoding |
//!
//! Activations are *packed*: the rows of all sequences lie one after another in `[n, width]` tensors without
//! padding, and an [`fused_ops::AttentionPlan`] says which rows see which.

mod adapters;
pub mod config;
pub mod device;
mod features;
pub mod generate;
#[cfg(any(feature = "wgpu", feature = "vulkan", feature = "cuda"))]
mod kernel_cache;
pub mod layers;
mod layout;
mod linears;
mod model;
mod prompt;
mod score;
mod tape;
pub mod text;
pub mod vision;
pub mod weights;

pub use adapters::{MergeError, MergeReport, merge_folder};
pub use config::ModelConfig;
pub use features::FeatureCache;
pub use lora::Quantization;
pub use model::{LoadError, VlModel};
pub use prompt::PromptError;
pub use score::{Continuation, Scored, Scoring};
pub use tape::{Activations, Tape};
pub use weights::Precision;
