//! What can be wrong with a model folder and its chat template.

use std::path::PathBuf;

use thiserror::Error;

use crate::vision_settings::SettingsError;

/// A model folder that cannot be used. Every text names the file, what was found and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProcessorError {
    /// The file is not there.
    #[error("{}: no such file; {help}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Where it usually comes from.
        help: &'static str,
    },
    /// The operating system refused to read the file.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is longer than any honest one.
    #[error("{}: found more than {limit} bytes, expected at most that many for this kind of file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is not the JSON it should be.
    #[error("{}: expected JSON: {reason}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What the parser met, and where.
        reason: String,
    },
    /// A field is absent, of the wrong type or out of range.
    #[error("{}: field {field}: found {found}, expected {expected}", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// Dotted name of the field.
        field: String,
        /// What stands there, shortened.
        found: String,
        /// What should stand there.
        expected: String,
    },
    /// `tokenizer.json` describes no tokenizer that can be built.
    #[error("{}: no tokenizer can be built from it: {reason}; save it again with the tokenizers library", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The chat template does not compile or is too long.
    #[error("{}: chat template: {source}", path.display())]
    Template {
        /// The file that holds the template.
        path: PathBuf,
        /// What is wrong with it.
        source: TemplateError,
    },
    /// The image and video settings cannot be used.
    #[error(transparent)]
    Vision(#[from] SettingsError),
}

/// A chat template that cannot be compiled or rendered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// The template's text is too long to be honest.
    #[error("found {found} bytes of source, expected at most {limit}")]
    SourceTooLong {
        /// Its length.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Not Jinja, or a construct outside the supported part.
    #[error("syntax error in line {line}: {reason}")]
    Syntax {
        /// Line of the template.
        line: usize,
        /// What the compiler says.
        reason: String,
    },
    /// The template itself refused the conversation by calling `raise_exception`.
    #[error("the template refuses this conversation: {0:?}")]
    Refused(String),
    /// More steps than any honest template takes: an endless or bomb-like loop.
    #[error("stopped after {limit} steps: the template loops too long for this conversation")]
    OutOfFuel {
        /// The limit.
        limit: u64,
    },
    /// The rendered text outgrew the limit.
    #[error("stopped after {limit} bytes of output: the template writes too much for this conversation")]
    OutputTooLong {
        /// The limit.
        limit: usize,
    },
    /// Any other failure while rendering.
    #[error("line {line}: {reason}")]
    Render {
        /// Line of the template.
        line: usize,
        /// What the engine says.
        reason: String,
    },
}
