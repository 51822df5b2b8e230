//! Safetensors folders in and out: every tensor accounted for, nothing trusted.

mod error;
mod folder;
mod header;
mod loader;
mod mapped;
mod numbers;
mod save;

pub use error::{CheckpointError, WeightProblem};
pub use folder::Checkpoint;
pub use loader::{Precision, Scope, WeightLoader};
pub use save::{SaveError, Saved, save_folder};
