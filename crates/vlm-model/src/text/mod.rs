//! The text decoder.

mod attention;
mod cache;
mod decoder;
mod layer;

pub use attention::SelfAttention;
pub use cache::Memory;
pub use decoder::{Decoder, Embedding};
pub use layer::DecoderLayer;
