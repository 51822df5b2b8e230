//! What can be wrong with a folder of an adapter.

use crate::LoraError;
use std::path::PathBuf;

/// Why an adapter cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PeftError {
    /// A file cannot be opened, read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder has no weights that can be read.
    #[error("{path}: is not there{hint}", path = path.display())]
    NoWeights {
        /// The file that is missing.
        path: PathBuf,
        /// What to do about it.
        hint: String,
    },
    /// A file is a link that leaves the folder.
    #[error("{path}: is a link that leads out of the adapter's folder; refused: copy the file into the folder", path = path.display())]
    LinkOutside {
        /// The link.
        path: PathBuf,
    },
    /// The settings are not JSON of the right form.
    #[error("{path}: {problem}", path = path.display())]
    BadConfig {
        /// The file.
        path: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// A setting has a value that cannot be used.
    #[error("{path}: \"{key}\": found {found}, expected {expected}", path = path.display())]
    Setting {
        /// The file.
        path: PathBuf,
        /// The setting.
        key: String,
        /// Its value.
        found: String,
        /// What it may be.
        expected: String,
    },
    /// The tensors are not a valid safetensors file.
    #[error("{path}: not a valid safetensors file: {problem}; download or save the adapter again", path = path.display())]
    BadSafetensors {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The tensors do not fit the settings or the model.
    #[error("{path}: the adapter does not fit this model: {}", list(problems), path = path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// One line for each tensor.
        problems: Vec<String>,
    },
    /// The settings make no adapter.
    #[error("{path}: {source}", path = path.display())]
    Adapter {
        /// The file of settings.
        path: PathBuf,
        /// Why not.
        source: LoraError,
    },
    /// The model has nothing to save.
    #[error("the model has no adapter to save; attach one first")]
    Nothing,
    /// The tensors cannot be put into a file.
    #[error("the adapter cannot be written: {problem}")]
    Encode {
        /// Why not.
        problem: String,
    },
}

/// The first few problems and how many there are in all.
fn list(problems: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = problems.len().saturating_sub(SHOWN);
    let shown = problems[..problems.len() - more].join("; ");
    if more == 0 { shown } else { format!("{shown}; and {more} more") }
}
