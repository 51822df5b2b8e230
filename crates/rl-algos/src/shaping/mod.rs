//! Rewards and penalties for length, and the choice of groups worth training on.

mod dynamic;
mod length;
mod overlong;

pub use dynamic::{AccuracyBand, informative_groups};
pub use length::{CosineLength, cosine_length, relative_length};
pub use overlong::Overlong;
