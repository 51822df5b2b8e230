//! The vision towers of both families.

mod attention;
mod block;
mod merger;
mod mlp;
mod norm;
mod order;
mod tower;

pub use block::VisionBlock;
pub use mlp::Mlp;
pub use order::PatchOrder;
pub use tower::VisionTower;
