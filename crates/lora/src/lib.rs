//! LoRA, rsLoRA, DoRA and QLoRA linear layers; PEFT adapters in and out; merging.
//!
//! A model whose affine maps are [`Linear`] shows them through [`Linears`]; [`attach`] then gives the chosen ones an
//! [`Adapter`] to train beside their frozen weights, and [`detach`] takes it away.
//!
//! | module | what it holds |
//! |---|---|
//! | [`Linear`], [`Base`] | an affine map and its frozen weight |
//! | [`Adapter`] | what is trained beside it |
//! | [`LoraConfig`], [`Targets`] | which maps get which adapter |
//! | [`attach`], [`detach`], [`set_dropout`] | on, off, in training |
//! | [`merge`], [`unmerge`] | adapters into weights and back |
//! | [`quantize`], [`Quantization`] | frozen weights in four or eight bits |
//! | [`peft`] | folders of adapters that PEFT reads and writes |

mod adapter;
mod attach;
mod config;
mod dropout;
mod error;
mod linear;
mod low_rank;
mod magnitude;
mod merge;
pub mod peft;
mod quantized;
mod random;
mod targets;

pub use adapter::{Adapter, FullCopy};
pub use attach::{Attached, Linears, attach, detach};
pub use config::{LoraConfig, Variant};
pub use dropout::{Dropout, DropoutMode, set_dropout};
pub use error::LoraError;
pub use fused_ops::{CodeFormat, ScaleCoding};
pub use linear::{Base, Linear};
pub use low_rank::LowRank;
pub use magnitude::Magnitude;
pub use merge::{Merged, merge, unmerge};
pub use quantized::{Packed, Quantization, Quantized, quantize};
pub use targets::{Targets, Vision};
