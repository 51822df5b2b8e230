//! Who goes along with a run: figures and measurements that its method knows nothing of.

use super::method::Failure;
use super::metrics::Metrics;
use super::stop::Stop;
use journal::{EvalRecord, RolloutRecord};

/// Goes along with a run. Every method does nothing unless it is overridden.
///
/// What a companion says must follow from what it is told, so that a run that is continued has the same records as one
/// that was never interrupted.
pub trait Companion<M> {
    /// Adds figures to those of the step that is done, the `step`-th counted from 1.
    fn annotate(&mut self, _step: u64, _figures: &mut Metrics, _rollouts: &[RolloutRecord]) {}

    /// Whether the model is to be measured after so many steps; asked before the first step too. A companion that measures
    /// does so in place of its run's method.
    fn is_due(&self, _step: u64) -> bool {
        false
    }

    /// Measures the model after so many steps. [`Abandoned`](super::Abandoned) is the right error once `stop` is requested:
    /// the run saves itself and measures when it is continued.
    fn measure(&mut self, _model: &M, _step: u64, _stop: &Stop) -> Result<Vec<EvalRecord>, Failure> {
        Ok(Vec::new())
    }
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alone;

impl<M> Companion<M> for Alone {}
