//! One file a verb.

pub mod bench;
mod bench_training;
pub mod data;
pub mod demo;
pub mod doctor;
pub mod eval;
pub mod generate;
pub mod merge;
pub mod preprocess;
pub mod report;
pub mod score;
pub mod train;
pub mod verify;

use crate::Outcome;
use crate::args::FileArgs;
use crate::output::{self, Done, Output, OutputError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

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

/// Writes a file beside its place and moves it there, so that it is never half written.
fn replace_file(path: &Path, content: &[u8]) -> Result<(), String> {
    let mut scratch = path.as_os_str().to_owned();
    scratch.push(".part");
    let scratch = PathBuf::from(scratch);
    let written = std::fs::write(&scratch, content).and_then(|()| std::fs::rename(&scratch, path));
    written.map_err(|error| format!("{}: cannot be written: {error}", path.display()))
}

/// Writes a text to standard output. Whoever reads it may have read enough.
fn say(text: &str) -> Outcome {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
