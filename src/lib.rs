//! The crates of the Anneal workspace under one name.
pub use fused_ops;
pub use rewards;
pub use rl_algos;
pub use vlm_model;
pub use vlm_processor;
