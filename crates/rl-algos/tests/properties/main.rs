//! Properties that must hold for any input, over seeded random batches.

mod advantages;
mod draws;
mod losses;
