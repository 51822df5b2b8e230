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
//! | [`attach`], [`detach`] | on and off |

mod adapter;
mod attach;
mod config;
mod error;
mod linear;
mod low_rank;
mod random;
mod targets;

pub use adapter::{Adapter, FullCopy};
pub use attach::{Attached, Linears, attach, detach};
pub use config::{LoraConfig, Variant};
pub use error::LoraError;
pub use linear::{Base, Linear};
pub use low_rank::LowRank;
pub use targets::{Targets, Vision};
