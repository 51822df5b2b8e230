//! Results for people and for other programs: standard output, and files that are never half written.

use crate::Outcome;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Writes a file beside its place and moves it there, so that it is never half written.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<(), String> {
    let mut scratch = path.as_os_str().to_owned();
    scratch.push(".part");
    let scratch = PathBuf::from(scratch);
    let written = std::fs::write(&scratch, content).and_then(|()| std::fs::rename(&scratch, path));
    written.map_err(|error| format!("{}: cannot be written: {error}", path.display()))
}

/// Writes a text to standard output. Whoever reads it may have read enough.
pub fn say(text: &str) -> Outcome {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
