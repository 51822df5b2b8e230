//! The step loop: SFT, DPO, GRPO and Reinforce++ on any burn module.

pub mod data;
mod dropout;
pub mod engine;
pub mod methods;
pub mod online;
mod packed;
pub mod session;
mod shares;
mod sight;

pub use packed::PackedRows;
pub use sight::Sight;
