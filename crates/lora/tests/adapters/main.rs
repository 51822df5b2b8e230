//! Adapters: attached, computed, merged, written and read.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails where it stands.

mod folders;
mod hostile;
mod layers;
mod merging;
mod model;
mod packed;
mod targets;
