//! The program as its users run it, on models made from nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are the helpers of tests")]

mod evaluating;
mod rehearsing;
mod stages;
mod workplace;
