//! What a method sees of the step it is in.

use super::gradients::Gradients;
use super::metrics::Metrics;
use super::stop::Stop;
use burn::module::Module;
use burn::tensor::{Gradients as Found, Tensor};
use journal::RolloutRecord;

/// One update in the making: losses go in, gradients and figures come out.
pub struct Step<'a> {
    /// Updates made before this one.
    pub index: u64,
    /// The run's seed; with [`index`](Self::index) the key of every random draw of the step.
    pub seed: u64,
    stop: &'a Stop,
    gradients: Gradients,
    loss: Loss,
    metrics: Metrics,
    rollouts: Vec<RolloutRecord>,
    notices: Vec<String>,
}

/// The sum of the losses given so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Loss {
    /// None yet.
    Nothing,
    /// Their sum.
    Sum(f64),
    /// One of them was no number.
    NotFinite,
}

/// The user asked to stop, and the step takes too long to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped in the middle of a step; the checkpoint holds the state before it")]
pub struct Abandoned;

pub(super) struct Finished {
    pub gradients: Gradients,
    pub loss: Loss,
    pub metrics: Metrics,
    pub rollouts: Vec<RolloutRecord>,
    pub notices: Vec<String>,
}

impl<'a> Step<'a> {
    pub(super) fn new(index: u64, seed: u64, stop: &'a Stop) -> Self {
        let (gradients, metrics) = (Gradients::default(), Metrics::default());
        let (rollouts, notices) = (Vec::new(), Vec::new());
        Self { index, seed, stop, gradients, loss: Loss::Nothing, metrics, rollouts, notices }
    }

    /// Adds the gradient of a micro-batch's loss, which is already divided by what the whole step counts.
    ///
    /// A loss that is not finite spoils the step: it will be skipped. Fails only when the user wants to stop and
    /// has waited long enough; pass that on.
    pub fn backward<M: Module>(&mut self, model: &M, loss: &Tensor<1>) -> Result<(), Abandoned> {
        self.backward_through(model, loss, |_, _| {})
    }

    /// [`backward`](Self::backward) for a loss whose graph ends above the weights, see [`Gradients::add_through`].
    pub fn backward_through<M: Module>(
        &mut self,
        model: &M,
        loss: &Tensor<1>,
        below: impl FnOnce(&mut Found, &mut dyn FnMut(&mut Found)),
    ) -> Result<(), Abandoned> {
        self.check()?;
        let value = loss.clone().inner().into_scalar::<f64>();
        self.loss = match self.loss {
            _ if !value.is_finite() => Loss::NotFinite,
            Loss::NotFinite => Loss::NotFinite,
            Loss::Nothing => Loss::Sum(value),
            Loss::Sum(sum) => Loss::Sum(sum + value),
        };
        // A loss that touches no trained weight is a constant: nothing to learn from, nothing wrong.
        if self.loss != Loss::NotFinite && loss.is_tracked() {
            self.gradients.add_through(model, loss, below);
        }
        Ok(())
    }

    /// Fails when the user wants to stop and has waited long enough; for methods that work long before the first
    /// [`backward`](Self::backward).
    pub fn check(&self) -> Result<(), Abandoned> {
        if self.is_overdue() { Err(Abandoned) } else { Ok(()) }
    }

    /// Whether the user wants to stop and has waited long enough.
    pub fn is_overdue(&self) -> bool {
        self.stop.is_overdue()
    }

    /// The step's figures.
    pub fn metrics(&mut self) -> &mut Metrics {
        &mut self.metrics
    }

    /// Samples to be written to the run's journal.
    pub fn record_rollouts(&mut self, records: impl IntoIterator<Item = RolloutRecord>) {
        self.rollouts.extend(records);
    }

    /// Something a person should know about this step.
    pub fn notice(&mut self, text: String) {
        self.notices.push(text);
    }

    pub(super) fn finish(self) -> Finished {
        let Self { gradients, loss, metrics, rollouts, notices, .. } = self;
        Finished { gradients, loss, metrics, rollouts, notices }
    }
}
