//! The commands, run as a user runs them.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails where it stands.

mod adapters;
mod fixture;
mod parity;
mod reading;
mod sampling;
