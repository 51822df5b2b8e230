//! The numbers that a reader of the publication can check by hand.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are the helpers of tests")]

mod adapters;
mod answers;
mod losses;
mod rewards;
mod rows;
