//! The commands, run as a user runs them.

mod fixture;
mod parity;
mod sampling;
