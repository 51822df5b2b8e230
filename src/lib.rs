//! Post-training for vision-language models: the crates of the Anneal workspace under one name.
//!
//! | crate | what it is for | uses burn |
//! |---|---|---|
//! | [`vlm_processor`] | pixels and text to the inputs of Qwen2-VL and Qwen2.5-VL | no |
//! | [`vlm_model`] | the two families on burn: loading, generation, scoring | yes |
//! | [`fused_ops`] | hot tensor operations, each with a plain body and a CPU kernel | yes |
//! | [`rl_algos`] | advantages and losses as pure functions, the traits `Policy` and `Sampler` | yes |
//! | [`lora`] | LoRA, rsLoRA, DoRA, packed frozen weights, PEFT folders | yes |
//! | [`rollout`] | groups of completions from the trainer's own weights | yes |
//! | [`trainer`] | the loop for any module and any loss; SFT, DPO, GRPO, Reinforce++ | yes |
//! | [`rewards`] | reward functions and answer judges with typed outcomes | no |
//! | [`datasets`] | readers for published layouts, mixing, shuffling, synthetic scenes | no |
//! | [`eval`] | benchmarks, judges, intervals, the HTML report | no |
//! | [`recipe`] | YAML to checked settings | no |
//! | [`checkpoint`], [`journal`] | what a run keeps: checkpoints and records | no |
//! | [`nano`] | tiny model folders made from nothing | no |
//!
//! Depend on the single crate you need: a program that only judges answers takes `rewards` and never compiles burn. This
//! package is for programs that want all of them in matching versions, and it is the home of the tests that cross crates.
//!
//! The command line is the package `anneal-cli`; how the crates fit together is told in ARCHITECTURE.md.

pub use checkpoint;
pub use datasets;
pub use eval;
pub use fused_ops;
pub use journal;
pub use lora;
pub use nano;
pub use recipe;
pub use rewards;
pub use rl_algos;
pub use rollout;
pub use trainer;
pub use vlm_model;
pub use vlm_processor;
