//! Why rows cannot be drawn or written.

use std::path::PathBuf;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SynthError {
    /// A setting that no scene satisfies.
    #[error("the setting {key} is {found}, expected {expected}")]
    Setting {
        /// Which one.
        key: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A task that cannot be asked in a style.
    #[error("the task {task} has no questions in the style {style}; drop one of the two")]
    Style {
        /// The task.
        task: &'static str,
        /// The style.
        style: &'static str,
    },
    /// A layout without fields for a style.
    #[error(
        "rows in the layout of {layout} hold the style {expected}, found {found}; change the split's mix or its layout"
    )]
    Layout {
        /// The layout.
        layout: &'static str,
        /// The style of the row.
        found: &'static str,
        /// The style it takes.
        expected: &'static str,
    },
    /// Objects that found no room.
    #[error(
        "row {index} of the split {split:?}: no scene in {attempts} attempts; fewer or smaller objects, or a larger size, give them room"
    )]
    Crowded {
        /// The split.
        split: String,
        /// The row.
        index: u64,
        /// How often it was tried.
        attempts: u32,
    },
    /// Rows that would be written over others.
    #[error("{path}: is there already; remove it, or choose another folder")]
    Occupied {
        /// The file of rows.
        path: PathBuf,
    },
    /// A file that cannot be written.
    #[error("{path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
