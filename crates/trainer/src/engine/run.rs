//! The loop that every way of learning shares.

use super::adamw::{AdamW, AdamWSettings};
use super::companion::Companion;
use super::files::{FileError, Files};
use super::ledger::Ledger;
use super::losses::Sum;
use super::method::{BadInput, Failure, Method, Weights};
use super::metrics::Metrics;
use super::observer::{Observer, Report};
use super::schedule::Schedule;
use super::step::{Abandoned, Finished, Step};
use super::stop::Stop;
use burn::module::Module;
use journal::{EvalRecord, RolloutRecord};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Steps in a row that may be skipped before the run gives up.
const MOST_SKIPPED: u32 = 5;
const STATE: &str = "trainer_state.json";
const OPTIMISER: &str = "optimizer.safetensors";

/// What the loop does beside learning, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Updates of the whole run.
    pub steps: u64,
    /// The learning rate at the top of its schedule.
    pub learning_rate: f64,
    /// Other learning rates for parameters whose names begin so.
    pub module_rates: Vec<(String, f64)>,
    /// The learning rate's course.
    pub schedule: Schedule,
    /// The optimiser.
    pub optimiser: AdamWSettings,
    /// Longest gradient; longer ones are scaled down.
    pub max_grad_norm: Option<f64>,
    /// Key of every random draw.
    pub seed: u64,
    /// Steps between two lines of the log.
    pub logging_steps: u64,
    /// Steps between two checkpoints; one is written at the end in any case.
    pub save_steps: Option<u64>,
    /// Steps between two measurements on held-out data.
    pub eval_steps: Option<u64>,
}

/// Why a run ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The method failed.
    #[error("step {step}: {source}")]
    Method {
        /// The step.
        step: u64,
        /// What went wrong.
        source: Failure,
    },
    /// The method was given something that it cannot use; what it had learned is saved.
    #[error(
        "step {step}: {source}; what was learned up to step {saved} is saved: once this is mended, go on with `--resume latest`"
    )]
    Input {
        /// The step.
        step: u64,
        /// The step of the checkpoint.
        saved: u64,
        /// What went wrong.
        source: Failure,
    },
    /// Losses or gradients were no numbers, again and again.
    #[error(
        "step {step}: loss or gradient was not finite {MOST_SKIPPED} times in a row (last: {last}); the weights are those \
         before the first of them. Lower learning_rate or max_grad_norm, or look at the rows of these steps"
    )]
    Diverged {
        /// The last of the steps.
        step: u64,
        /// What it gave.
        last: String,
    },
    /// Records or checkpoints cannot be written.
    #[error("step {step}: cannot write: {source}")]
    Ledger {
        /// The step.
        step: u64,
        /// What went wrong.
        source: Failure,
    },
    /// A checkpoint cannot be continued.
    #[error("the checkpoint cannot be continued: {0}")]
    Resume(Failure),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All steps are done.
    Complete,
    /// The user asked to stop; the last checkpoint holds everything.
    Stopped,
}

/// A model after its run.
#[derive(Debug)]
pub struct Trained<M> {
    /// The model.
    pub model: M,
    /// Steps done in all.
    pub steps: u64,
    /// How it ended.
    pub ending: Ending,
}

/// Everything around a method: plan, records, listeners.
pub struct Run<'a, M> {
    /// What happens when.
    pub plan: &'a Plan,
    /// How weights are kept.
    pub weights: &'a dyn Weights<M>,
    /// Where records go.
    pub ledger: &'a mut dyn Ledger,
    /// Who watches.
    pub observer: &'a mut dyn Observer,
    /// Who adds figures and measurements.
    pub companion: &'a mut dyn Companion<M>,
    /// The wish to stop.
    pub stop: Stop,
}

/// What changes from step to step, beside the method's own state.
struct Progress<M> {
    model: M,
    optimiser: AdamW,
    state: State,
    /// When the last line of the log was written.
    window: Instant,
    /// The step that was saved last.
    saved: Option<u64>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct State {
    step: u64,
    tokens: f64,
    skipped_in_a_row: u32,
    /// The step after which the companion measured last.
    #[serde(default)]
    measured: Option<u64>,
    /// Figures since the last line of the log.
    pending: Metrics,
}

impl<M: Module> Run<'_, M> {
    /// Trains `model` with `method` until the plan is done or somebody stops it; goes on from the files of a
    /// checkpoint where there are any.
    pub fn train(
        mut self,
        model: M,
        method: &mut dyn Method<M>,
        checkpoint: Option<&Files>,
    ) -> Result<Trained<M>, RunError> {
        let optimiser = AdamW::new(self.plan.optimiser);
        let mut run =
            Progress { model, optimiser, state: State::default(), window: Instant::now(), saved: None };
        if let Some(files) = checkpoint {
            run = self.resume(run, method, files).map_err(RunError::Resume)?;
        }
        // A measurement that was given up, or that comes before the first step.
        if !self.measure(&mut run)? {
            self.save_now(&mut run, method)?;
            return Ok(run.ended(Ending::Stopped));
        }
        while run.state.step < self.plan.steps {
            let before = snapshot(method).map_err(|error| failed(&run, error.into()))?;
            let started = Instant::now();
            let mut step = Step::new(run.state.step, self.plan.seed, &self.stop);
            let outcome = method.step(&run.model, &mut step);
            let step = step.finish();
            match outcome {
                Ok(()) => run = self.finish_step(run, method, step, started)?,
                Err(error) if error.is::<Abandoned>() => {
                    self.save(&mut run, before)?;
                    return Ok(run.ended(Ending::Stopped));
                }
                Err(error) => return Err(self.give_up(run, before, error)),
            }
            let measured = self.measure(&mut run)?;
            let stopped = self.stop.is_requested() && run.state.step < self.plan.steps;
            if !measured || stopped || self.is_save_due(&run) {
                self.save_now(&mut run, method)?;
            }
            if !measured || stopped {
                return Ok(run.ended(Ending::Stopped));
            }
        }
        Ok(run.ended(Ending::Complete))
    }

    /// Everything after the losses: update, records, the method's own measurements.
    fn finish_step(
        &mut self,
        mut run: Progress<M>,
        method: &mut dyn Method<M>,
        mut step: Finished,
        started: Instant,
    ) -> Result<Progress<M>, RunError> {
        let number = run.state.step + 1;
        step.notices.iter().for_each(|text| self.observer.notice(&format!("step {number}: {text}")));
        run = self.update(run, &mut step)?;
        run.state.step = number;
        step.metrics.mean("step_time", started.elapsed().as_secs_f64());
        self.record(&mut run, method.epoch(), step.metrics, &step.rollouts)?;
        match self.evaluate(&run, method) {
            Ok(records) => self.log_evaluations(number, records)?,
            Err(error) => {
                let files = snapshot(method).map_err(|error| failed(&run, error.into()))?;
                return Err(self.give_up(run, files, error));
            }
        }
        Ok(run)
    }

    /// The error that ends the run. Where the model is not at fault, what it has learned is saved; `files` is the state of
    /// the method that belongs to it.
    fn give_up(&mut self, mut run: Progress<M>, files: Files, error: Failure) -> RunError {
        let saved = run.state.step;
        if !error.is::<BadInput>() || saved == 0 {
            return failed(&run, error);
        }
        match self.save(&mut run, files) {
            Ok(()) => RunError::Input { step: saved + 1, saved, source: error },
            Err(unsaved) => {
                self.observer.notice(&unsaved.to_string());
                failed(&run, error)
            }
        }
    }

    /// Clips and applies the step's gradient, or skips a step that gave no numbers.
    fn update(&mut self, mut run: Progress<M>, step: &mut Finished) -> Result<Progress<M>, RunError> {
        let norm = step.losses.gradients.norm();
        if let Sum::Finite(loss) = step.losses.sum {
            step.metrics.mean("loss", loss);
        }
        if step.losses.sum == Sum::NotFinite || !norm.is_finite() {
            let what = if norm.is_finite() { "loss" } else { "gradient" };
            self.skip(&mut run.state, &mut step.metrics, what)?;
            return Ok(run);
        }
        run.state.skipped_in_a_row = 0;
        let factor = self.plan.schedule.factor(run.state.step);
        step.metrics.mean("learning_rate", self.plan.learning_rate * factor);
        step.metrics.mean("grad_norm", norm);
        if let Some(limit) = self.plan.max_grad_norm {
            step.losses.gradients.clip(norm, limit);
        }
        if !step.losses.gradients.is_empty() {
            let rate = |name: &str| factor * self.plan.rate(name);
            run.model = run.optimiser.update(run.model, &step.losses.gradients, rate);
        }
        Ok(run)
    }

    fn skip(&mut self, state: &mut State, metrics: &mut Metrics, what: &str) -> Result<(), RunError> {
        state.skipped_in_a_row += 1;
        metrics.count("skipped_steps", 1.0);
        let (step, in_a_row) = (state.step + 1, state.skipped_in_a_row);
        self.observer.notice(&format!(
            "step {step}: the {what} is not finite; skipped, weights unchanged ({in_a_row} in a row, the run ends at \
             {MOST_SKIPPED})"
        ));
        if in_a_row < MOST_SKIPPED { Ok(()) } else { Err(RunError::Diverged { step, last: what.to_owned() }) }
    }

    fn record(
        &mut self,
        run: &mut Progress<M>,
        epoch: f64,
        metrics: Metrics,
        rollouts: &[RolloutRecord],
    ) -> Result<(), RunError> {
        let (step, steps) = (run.state.step, self.plan.steps);
        let mut metrics = metrics;
        self.companion.annotate(step, &mut metrics, rollouts);
        let cannot = |source| RunError::Ledger { step, source };
        run.state.tokens += metrics.get("tokens").unwrap_or(0.0);
        if !rollouts.is_empty() {
            self.ledger.rollouts(rollouts).map_err(cannot)?;
        }
        self.observer.step(&Report { step, steps, epoch, figures: &metrics.clone().drain() });
        run.state.pending.absorb(metrics);
        if step.is_multiple_of(self.plan.logging_steps.max(1)) || step == steps {
            let values = run.drain_figures();
            self.ledger.metrics(step, epoch, &values).map_err(cannot)?;
            self.observer.logged(&Report { step, steps, epoch, figures: &values });
        }
        Ok(())
    }

    fn evaluate(&self, run: &Progress<M>, method: &mut dyn Method<M>) -> Result<Option<EvalRecord>, Failure> {
        let step = run.state.step;
        let last = step == self.plan.steps && self.plan.eval_steps.is_some();
        if self.companion.is_due(step) || (!last && !self.is_due(run, self.plan.eval_steps)) {
            return Ok(None);
        }
        method.evaluate(&run.model, step)
    }

    /// Has the companion measure the model where that is due; false when the user did not want to wait for it.
    fn measure(&mut self, run: &mut Progress<M>) -> Result<bool, RunError> {
        let step = run.state.step;
        if run.state.measured == Some(step) || !self.companion.is_due(step) {
            return Ok(true);
        }
        match self.companion.measure(&run.model, step, &self.stop) {
            Ok(records) => self.log_evaluations(step, records)?,
            Err(error) if error.is::<Abandoned>() => return Ok(false),
            Err(error) => return Err(failed(run, error)),
        }
        run.state.measured = Some(step);
        Ok(true)
    }

    fn log_evaluations(
        &mut self,
        step: u64,
        records: impl IntoIterator<Item = EvalRecord>,
    ) -> Result<(), RunError> {
        for record in records {
            self.ledger.evaluation(&record).map_err(|source| RunError::Ledger { step, source })?;
            self.observer.evaluated(&record);
        }
        Ok(())
    }

    fn is_save_due(&self, run: &Progress<M>) -> bool {
        self.is_due(run, self.plan.save_steps) || run.state.step == self.plan.steps
    }

    fn is_due(&self, run: &Progress<M>, every: Option<u64>) -> bool {
        every.is_some_and(|every| every > 0 && run.state.step.is_multiple_of(every))
    }

    fn save_now(&mut self, run: &mut Progress<M>, method: &dyn Method<M>) -> Result<(), RunError> {
        let files = snapshot(method).map_err(|error| failed(run, error.into()))?;
        self.save(run, files)
    }

    /// Saves the state after the last step, once.
    fn save(&mut self, run: &mut Progress<M>, mut files: Files) -> Result<(), RunError> {
        let step = run.state.step;
        if run.saved.replace(step) == Some(step) {
            return Ok(());
        }
        let mut fill = || -> Result<(), Failure> {
            files.extend(self.weights.save(&run.model)?);
            files.insert_tensors(OPTIMISER, &run.optimiser.state(&run.model))?;
            Ok(files.insert_json(STATE, &run.state)?)
        };
        let saved = fill().and_then(|()| self.ledger.checkpoint(step, &files));
        if let Some(path) = saved.map_err(|source| RunError::Ledger { step, source })? {
            self.observer.saved(step, &path);
        }
        Ok(())
    }

    fn resume(
        &self,
        mut run: Progress<M>,
        method: &mut dyn Method<M>,
        files: &Files,
    ) -> Result<Progress<M>, Failure> {
        run.model = self.weights.load(run.model, files)?;
        run.optimiser.restore(&run.model, &files.tensors(OPTIMISER)?);
        run.state = files.json(STATE)?;
        run.saved = Some(run.state.step);
        method.load(files)?;
        Ok(run)
    }
}

impl<M> Progress<M> {
    fn ended(self, ending: Ending) -> Trained<M> {
        Trained { model: self.model, steps: self.state.step, ending }
    }

    /// The figures since the last line of the log, with what only the loop knows.
    fn drain_figures(&mut self) -> std::collections::BTreeMap<String, f64> {
        let mut values = self.state.pending.drain();
        if let Some(tokens) = values.remove("tokens") {
            values.insert("num_tokens".into(), self.state.tokens);
            values.insert("tokens_per_second".into(), tokens / self.window.elapsed().as_secs_f64());
        }
        self.window = Instant::now();
        values
    }
}

impl Plan {
    /// η of the parameter of that name before the schedule: the first module rate that fits, or the common one.
    fn rate(&self, name: &str) -> f64 {
        let own = self.module_rates.iter().find(|(prefix, _)| name.starts_with(prefix.as_str()));
        own.map_or(self.learning_rate, |(_, rate)| *rate)
    }
}

fn snapshot<M>(method: &dyn Method<M>) -> Result<Files, FileError> {
    let mut files = Files::default();
    method.save(&mut files)?;
    Ok(files)
}

fn failed<M>(run: &Progress<M>, source: Failure) -> RunError {
    RunError::Method { step: run.state.step + 1, source }
}
