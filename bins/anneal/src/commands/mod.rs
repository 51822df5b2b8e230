//! One file a verb.

pub mod bench;
pub mod generate;
pub mod merge;
pub mod preprocess;
pub mod score;
pub mod train;
pub mod verify;

use crate::args::FileArgs;
use crate::output::{self, Done, Output, OutputError};
use vlm_processor::Processor;

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

/// Ids that stand for features or for nothing, which a model must not write: the placeholders, and padding
/// where it does not also end a completion.
fn placeholders(processor: &Processor, stop: &[u32]) -> Vec<u32> {
    let special = processor.special();
    let mut ids = vec![special.image, special.video];
    if !stop.contains(&special.pad) {
        ids.push(special.pad);
    }
    ids
}
