//! One file a verb.

pub mod bench;
mod bench_groups;
mod bench_training;
pub mod data;
pub mod demo;
pub mod doctor;
mod doctor_devices;
mod doctor_recipe;
pub mod eval;
pub mod generate;
pub mod merge;
pub mod preprocess;
pub mod report;
pub mod score;
pub mod train;
pub mod verify;

use crate::args::FileArgs;
use crate::output::{self, Done, Output, OutputError};

/// A row for which the network computed something that is no number.
#[derive(Debug, thiserror::Error)]
#[error(
    "row {id:?}: found log-probabilities that are not finite, expected numbers: the weights overflow; use another \
     --dtype or other weights"
)]
struct NotFinite {
    id: String,
}

/// The file of results that the flags name, opened to be continued or afresh.
fn open_output(files: &FileArgs, settings: &serde_json::Value) -> Result<(Output, Done), OutputError> {
    output::apart_from(&files.input, &files.output)?;
    Output::open(&files.output, settings, files.existing())
}
