//! The program as a user runs it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod configurations;
mod looking;
mod rows;
mod training;
mod workplace;
