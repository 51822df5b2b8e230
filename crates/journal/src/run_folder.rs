//! Where a run keeps what.

use std::path::{Path, PathBuf};

/// The folder of a run, and the names in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// The run in a folder, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// `config.yaml`: the settings as resolved.
    pub fn config(&self) -> PathBuf {
        self.0.join("config.yaml")
    }

    /// `metrics.jsonl`: numbers by step.
    pub fn metrics(&self) -> PathBuf {
        self.0.join("metrics.jsonl")
    }

    /// `evals.jsonl`: results of evaluations.
    pub fn evals(&self) -> PathBuf {
        self.0.join("evals.jsonl")
    }

    /// `rollouts`: the folder of completions.
    pub fn rollouts(&self) -> PathBuf {
        self.0.join("rollouts")
    }

    /// `report.html`: the page that shows all of it.
    pub fn report(&self) -> PathBuf {
        self.0.join("report.html")
    }
}
