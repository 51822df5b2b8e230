//! Who watches a run: progress bars, tests.

use journal::EvalRecord;
use std::collections::BTreeMap;
use std::path::Path;

/// Figures of a step, or of the steps since the last line of the log.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Steps done.
    pub step: u64,
    /// Steps of the whole run.
    pub steps: u64,
    /// Passes over the data.
    pub epoch: f64,
    /// The figures.
    pub figures: &'a BTreeMap<String, f64>,
}

/// Hears what happens. Every method does nothing unless it is overridden.
pub trait Observer {
    /// A step is done; the figures are of this step alone.
    fn step(&mut self, _report: &Report) {}

    /// A line of the log is written; the figures are those of the line.
    fn logged(&mut self, _report: &Report) {}

    /// Something a person should know, such as a step that was skipped.
    fn notice(&mut self, _text: &str) {}

    /// A checkpoint is safe on disk.
    fn saved(&mut self, _step: u64, _path: &Path) {}

    /// Held-out data was measured.
    fn evaluated(&mut self, _record: &EvalRecord) {}
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}
