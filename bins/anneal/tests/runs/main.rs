//! Whole runs of a tiny model through the binary: they end as they should, and whatever stops them, they go on to the
//! same bytes.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // A test that cannot go on fails where it stands.

mod doctor;
mod documented;
mod killed;
mod looking;
mod recipes;
mod resumed;
mod rewarded;
mod stopped;
mod workplace;
