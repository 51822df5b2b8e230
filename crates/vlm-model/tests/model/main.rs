//! The model against what transformers recorded.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails where it stands.

mod adapters;
mod fixture;
mod heads;
mod parity;
mod peft;
mod refill;
mod saving;
