//! Where a run writes what it does.

use super::files::Files;
use super::method::Failure;
use journal::{EvalRecord, RolloutRecord};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Keeps the records of a run. [`Nowhere`] keeps none; a run directory keeps them on disk.
pub trait Ledger {
    /// Figures of the steps since the last call.
    fn metrics(&mut self, step: u64, epoch: f64, values: &BTreeMap<String, f64>) -> Result<(), Failure>;

    /// Samples of a step with their rewards.
    fn rollouts(&mut self, records: &[RolloutRecord]) -> Result<(), Failure>;

    /// A measurement on held-out data.
    fn evaluation(&mut self, record: &EvalRecord) -> Result<(), Failure>;

    /// Saves a checkpoint so that it survives whatever comes; says where it is.
    fn checkpoint(&mut self, step: u64, files: &Files) -> Result<Option<PathBuf>, Failure>;
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Ledger for Nowhere {
    fn metrics(&mut self, _: u64, _: f64, _: &BTreeMap<String, f64>) -> Result<(), Failure> {
        Ok(())
    }

    fn rollouts(&mut self, _: &[RolloutRecord]) -> Result<(), Failure> {
        Ok(())
    }

    fn evaluation(&mut self, _: &EvalRecord) -> Result<(), Failure> {
        Ok(())
    }

    fn checkpoint(&mut self, _: u64, _: &Files) -> Result<Option<PathBuf>, Failure> {
        Ok(None)
    }
}
