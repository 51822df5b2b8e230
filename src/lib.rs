//! Post-training for vision-language models: the crates of the Anneal workspace under one name.
//!
//! | crate | what it is for | uses burn |
//! |---|---|---|
//! | [`vlm_processor`] | pixels and text to the inputs of Qwen2-VL and Qwen2.5-VL | no |
//! | [`vlm_model`] | the two families on burn: loading, generation, scoring | yes |
//! | [`fused_ops`] | hot tensor operations, each with a plain body and a CPU kernel | yes |
//! | [`rl_algos`] | advantages and losses as pure functions, the traits `Policy` and `Sampler` | yes |
//! | [`rewards`] | reward functions and answer judges with typed outcomes | no |
//!
//! Depend on the single crate you need: a program that only judges answers takes `rewards` and never compiles burn. This
//! package is for programs that want all of them in matching versions, and it is the home of the tests that cross crates.
//!
//! The command line is the package `anneal-cli`; how the crates fit together is told in ARCHITECTURE.md.

pub use fused_ops;
pub use rewards;
pub use rl_algos;
pub use vlm_model;
pub use vlm_processor;
