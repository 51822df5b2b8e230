//! Properties that must hold for any input, over seeded random batches.
#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod advantages;
mod draws;
mod losses;
