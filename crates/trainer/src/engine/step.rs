//! What a method sees of the step it is in.

use super::losses::Losses;
use super::method::Failure;
use super::metrics::Metrics;
use super::parameters::update;
use super::stop::Stop;
use burn::module::Module;
use burn::tensor::{Gradients as Found, Tensor};
use journal::RolloutRecord;
use rayon::prelude::*;

/// One update in the making: losses go in, gradients and figures come out.
pub struct Step<'a> {
    /// Updates made before this one.
    pub index: u64,
    /// The run's seed; with [`index`](Self::index) the key of every random draw of the step.
    pub seed: u64,
    stop: &'a Stop,
    losses: Losses,
    metrics: Metrics,
    rollouts: Vec<RolloutRecord>,
    notices: Vec<String>,
}

/// The user asked to stop, and the step takes too long to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped in the middle of a step; the checkpoint holds the state before it")]
pub struct Abandoned;

pub(super) struct Finished {
    pub losses: Losses,
    pub metrics: Metrics,
    pub rollouts: Vec<RolloutRecord>,
    pub notices: Vec<String>,
}

impl<'a> Step<'a> {
    pub(super) fn new(index: u64, seed: u64, stop: &'a Stop) -> Self {
        let (losses, metrics) = (Losses::default(), Metrics::default());
        let (rollouts, notices) = (Vec::new(), Vec::new());
        Self { index, seed, stop, losses, metrics, rollouts, notices }
    }

    /// Adds the gradient of a micro-batch's loss, which is already divided by what the whole step counts.
    ///
    /// A loss that is not finite spoils the step: it will be skipped. Fails only when the user wants to stop and
    /// has waited long enough; pass that on.
    pub fn backward<M: Module>(&mut self, model: &M, loss: &Tensor<1>) -> Result<(), Abandoned> {
        self.backward_through(model, loss, |_, _| {})
    }

    /// [`backward`](Self::backward) for a loss whose graph ends above the weights, see `Gradients::add_through`.
    pub fn backward_through<M: Module>(
        &mut self,
        model: &M,
        loss: &Tensor<1>,
        below: impl FnOnce(&mut Found, &mut dyn FnMut(&mut Found)),
    ) -> Result<(), Abandoned> {
        self.check()?;
        self.losses.backward_through(model, loss, below);
        Ok(())
    }

    /// Runs `pass` for every share of a micro-batch, side by side where there are threads for it; what the passes return
    /// comes in the order of the shares, and so do their losses and gradients: the sums are the same on any number
    /// of threads.
    ///
    /// Each pass has a model of its own, with the weights of `model`: its gradients meet nobody else's.
    pub fn side_by_side<M: Module, S: Send, T: Send>(
        &mut self,
        model: &M,
        shares: Vec<S>,
        pass: impl Fn(&M, S, &mut Losses) -> Result<T, Failure> + Sync,
    ) -> Result<Vec<T>, Failure> {
        let stop = self.stop;
        let shares: Vec<(M, S)> = shares.into_iter().map(|share| (replica(model), share)).collect();
        let run = |(model, share): (M, S)| {
            if stop.is_overdue() {
                return Err(Abandoned.into());
            }
            let mut losses = Losses::default();
            pass(&model, share, &mut losses).map(|result| (losses, result))
        };
        let passed: Vec<Result<(Losses, T), Failure>> =
            shares.into_par_iter().with_max_len(1).map(run).collect();
        let absorb = |passed: Result<(Losses, T), Failure>| {
            let (losses, result) = passed?;
            self.losses.absorb(losses);
            Ok(result)
        };
        passed.into_iter().map(absorb).collect()
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
        let Self { losses, metrics, rollouts, notices, .. } = self;
        Finished { losses, metrics, rollouts, notices }
    }
}

/// The same weights where gradients begin anew.
fn replica<M: Module>(model: &M) -> M {
    update(model.clone(), |_, value| value)
}
