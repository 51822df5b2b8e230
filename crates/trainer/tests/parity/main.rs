//! Losses, gradients and runs against what torch, PEFT and TRL recorded.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails where it stands.

mod curve;
mod device;
mod dpo;
mod fresh_prompts;
mod full;
mod generation;
mod grpo;
mod numbers;
mod recomputing;
mod recorded;
mod reinforce;
mod sampling;
mod sft;
mod sharing;
mod update;
