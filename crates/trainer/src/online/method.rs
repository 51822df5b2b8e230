//! The step: generate when nothing is left, then learn from the next part.

use super::attempt::Attempt;
use super::experience::Experience;
use super::figures;
use super::generate::{self, Asked, Decode};
use super::health::RewardHealth;
use super::loss::{Computed, Scored, Whole};
use super::settings::{OnlineSettings, Reference};
use super::silence::Silence;
use super::task::Task;
use crate::data::{HeldOut, Stream};
use crate::dropout::Draws;
use crate::engine::{BadInput, Failure, FileError, Files, Method, Step, trainable_count};
use crate::methods::tell_skipped;
use crate::packed::PackedRows;
use crate::sight::Sight;
use burn::module::Module;
use burn::tensor::Tensor;
use journal::EvalRecord;
use rewards::{GroupReport, RewardSet};
use rl_algos::{Grid, Mask, Totals};
use rollout::LocalSampler;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Instant;
use vlm_model::{Tape, VlModel};

const STATE: &str = "online.json";

/// Learning from a model's own answers: GRPO and its relatives, Reinforce++.
///
/// A generation is [`sample`](generate::sample)d, [`judge`](generate::judge)d, shown to the reference
/// ([`consult`](generate::consult)) and [`weigh`](generate::weigh)ed; then each update learns from its part of it.
pub struct Online {
    settings: OnlineSettings,
    data: Stream<Task>,
    rewards: RewardSet,
    decode: Decode,
    /// The frozen model that KL is measured against; what it is, `settings.reference` says.
    reference: Option<VlModel>,
    sight: Sight,
    state: State,
    /// The prompts of the buffered generation.
    asked: Asked,
    held_out: HeldOut<Task>,
}

/// What a checkpoint keeps: the generation in use, and how far it is used.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct State {
    generations: u64,
    position: u64,
    generation: Vec<Experience>,
    updates_made: usize,
    health: RewardHealth,
    #[serde(default)]
    silence: Silence,
}

impl Online {
    /// `start` is the model as the run begins, before any checkpoint is loaded: it may become the reference.
    pub fn new(
        settings: OnlineSettings,
        data: Stream<Task>,
        rewards: RewardSet,
        decode: Decode,
        start: &VlModel,
    ) -> Self {
        // A model whose own weights are trained has no base beneath: its reference is what it was.
        let base = start.without_adapters();
        let reference = settings.needs_reference().then(|| match settings.reference {
            Reference::Base if trainable_count(&base) == 0 => base,
            Reference::Base | Reference::Start => start.valid(),
        });
        let sight = Sight::of(start);
        Self {
            settings,
            data,
            rewards,
            decode,
            reference,
            sight,
            state: State::default(),
            asked: Vec::new(),
            held_out: None,
        }
    }

    /// The same, measured on held-out prompts.
    #[must_use]
    pub fn with_held_out(self, held_out: HeldOut<Task>) -> Self {
        Self { held_out, ..self }
    }

    /// The four stages of a generation: sample, judge, consult, weigh.
    fn generate(&mut self, model: &VlModel, step: &mut Step) -> Result<(), Failure> {
        let (started, model) = (Instant::now(), model.valid());
        let Attempt { asked, mut generation, reports } = self.attempt_with_signal(&model, step)?;
        self.asked = asked;
        if let Some(reference) = &self.reference {
            generate::consult(reference, &mut generation, &self.asked, &self.settings, &mut self.sight)?;
        }
        if self.settings.advantage.needs_greedy() {
            let mut sampler = LocalSampler::new(&model, &self.settings.sampler, &self.decode);
            let params = self.settings.sampling.with_seed(step.seed);
            generate::answer_greedily(&mut sampler, &mut generation, &self.asked, &params, &self.rewards)?;
        }
        generate::weigh(&mut generation, self.settings.advantage, &reports)?;
        self.log_generation(&generation, &reports, started, step)?;
        let generations = self.state.generations + 1;
        let State { health, silence, .. } = std::mem::take(&mut self.state);
        let position = self.data.position();
        self.state = State { generations, position, generation, updates_made: 0, health, silence };
        Ok(())
    }

    fn log_generation(
        &mut self,
        generation: &[Experience],
        reports: &[GroupReport],
        started: Instant,
        step: &mut Step,
    ) -> Result<(), Failure> {
        figures::log_generation(generation, reports, step.metrics());
        let asked = self.asked.iter().map(|(_, task)| task.prompt().tokens.len());
        let speed = (asked.sum::<usize>() + written(generation)) as f64 / started.elapsed().as_secs_f64();
        step.metrics().mean("generation/tokens_per_second", speed);
        // A single completion has nobody to differ from.
        if self.settings.rhythm.completions > 1
            && let Some(text) = self.state.silence.note(reports)
        {
            step.notice(text);
        }
        let prompts = self.prompt_texts()?;
        step.record_rollouts(figures::records(step.index + 1, &self.asked, generation, reports, &prompts));
        Ok(())
    }

    /// Dynamic sampling (DAPO, arXiv 2503.14476): groups without a spread of rewards make room for fresh prompts, in
    /// so many rounds as the settings allow. What the last round brings stays.
    fn attempt_with_signal(&mut self, model: &VlModel, step: &mut Step) -> Result<Attempt, Failure> {
        let rhythm = self.settings.rhythm;
        let mut attempt = self.attempt(model, rhythm.prompts * rhythm.updates, step)?;
        for _ in 0..self.settings.fresh_rounds {
            let silent = attempt.silent();
            if silent.is_empty() {
                break;
            }
            let fresh = self.attempt(model, silent.len(), step)?;
            attempt.replace(&silent, fresh);
            step.metrics().count("dynamic_sampling/replaced", silent.len() as f64);
        }
        Ok(attempt)
    }

    /// Stages 1 and 2 for the next prompts. Draws are numbered by the prompts' positions, so no round repeats another's.
    fn attempt(&mut self, model: &VlModel, prompts: usize, step: &mut Step) -> Result<Attempt, Failure> {
        let first = self.data.position();
        let asked = self.data.take_placed(prompts)?;
        tell_skipped(&mut self.data, step);
        let params = self.settings.sampling.with_seed(step.seed);
        let mut sampler = LocalSampler::new(model, &self.settings.sampler, &self.decode)
            .at_step(self.state.generations)
            .starting_at(first)
            .watched_by(
                |_| if step.is_overdue() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) },
            );
        let sampled = generate::sample(&mut sampler, &asked, &params);
        drop(sampler);
        step.check()?;
        let mut generation = sampled?;
        let reports = generate::judge(&mut generation, &asked, &self.rewards)?;
        self.state.health.note(&asked, &reports).map_err(|bad| BadInput(bad.into()))?;
        Ok(Attempt { asked, generation, reports })
    }

    /// One update from its part of the generation, micro-batch by micro-batch.
    fn learn(&mut self, model: &VlModel, step: &mut Step) -> Result<(), Failure> {
        let (started, before) = (Instant::now(), step.metrics().get("tokens").unwrap_or(0.0));
        let rhythm = self.settings.rhythm;
        let first = self.state.updates_made % rhythm.updates * rhythm.prompts;
        let parts = self.parts(first..first + rhythm.prompts);
        let whole = self.whole(&parts)?;
        let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
        for (pass, part) in parts.iter().enumerate() {
            let (rows, tape) = self.score(&Draws::of(step, pass).dropping(model), part, step)?;
            let tokens = rows.mask.totals().tokens as f64;
            let Computed { loss, figures, terms } = self.settings.loss.compute(rows, whole)?;
            step.backward_through(model, &loss, |above, found| tape.backward(above, found))?;
            figures.into_iter().for_each(|(name, value)| step.metrics().weighted(name, value, tokens));
            terms.into_iter().for_each(|(name, value)| *sums.entry(name).or_default() += value);
        }
        sums.into_iter().for_each(|(name, sum)| step.metrics().mean(name, sum));
        let tokens = step.metrics().get("tokens").unwrap_or(0.0) - before;
        step.metrics().mean("update/tokens_per_second", tokens / started.elapsed().as_secs_f64());
        self.state.updates_made += 1;
        Ok(())
    }

    /// Groups cut into parts of at most `micro` completions; a part belongs to one prompt, which it computes once.
    fn parts(&self, groups: std::ops::Range<usize>) -> Vec<Part> {
        let micro = self.settings.rhythm.micro.max(1);
        let cut = |group: usize| {
            let completions = self.state.generation[group].completions.len();
            (0..completions)
                .step_by(micro)
                .map(move |start| Part { group, rows: start..completions.min(start + micro) })
        };
        groups.flat_map(cut).collect()
    }

    /// What the loss of the whole update averages over.
    fn whole(&self, parts: &[Part]) -> Result<Whole, Failure> {
        let mut totals = Totals::default();
        for part in parts {
            let (mask, truncated) = self.mask(part)?;
            totals = totals + self.settings.loss.counted(&mask, &truncated)?.totals();
        }
        Ok(Whole { totals, parts: parts.len() })
    }

    fn mask(&self, part: &Part) -> Result<(Mask, Vec<bool>), Failure> {
        let rows = &self.state.generation[part.group].completions[part.rows.clone()];
        let lengths: Vec<usize> = rows.iter().map(|written| written.token_ids.len()).collect();
        let mask = Mask::from_lengths(&lengths, lengths.iter().copied().max().unwrap_or(0))?;
        Ok((mask, rows.iter().map(super::Written::is_truncated).collect()))
    }

    /// The policy's view of a part, beside everything that was noted when it was generated.
    fn score(&mut self, model: &VlModel, part: &Part, step: &mut Step) -> Result<(Scored, Tape), Failure> {
        let (mask, truncated) = self.mask(part)?;
        let Self { settings, sight, state, asked, .. } = self;
        let written = &state.generation[part.group].completions[part.rows.clone()];
        let task = &asked[part.group].1;
        let given = generate::Pass { task, completions: written, activations: settings.activations };
        let (scores, tape) = generate::score(model, given, settings, sight)?;
        let rows = PackedRows::new(written.iter().map(|written| written.token_ids.len()));
        let logp = scores.log_probs.clone().inner();
        let drawn = -(logp.clone().exp() * logp).mean().into_scalar::<f64>();
        let logp_bt = rows.grid(scores.log_probs);
        let cells = |of: &dyn Fn(usize, usize) -> f64| mask.fill(of);
        let sampler_bt = cells(&|row, t| f64::from(written[row].logprobs[t]));
        let tokens = mask.totals().tokens as f64;
        let entropy = scores.entropy.clone().inner().mean().into_scalar::<f64>();
        step.metrics().weighted("entropy", entropy, tokens);
        step.metrics().weighted("entropy_of_drawn", drawn, tokens);
        step.metrics().count("tokens", tokens + task.prompt().tokens.len() as f64);
        if state.updates_made == 0 {
            log_difference(&logp_bt, &sampler_bt, &mask, step)?;
        }
        let reference_bt = written.iter().all(|written| written.reference.is_some()).then(|| {
            cells(&|row, t| written[row].reference.as_ref().map_or(0.0, |values| f64::from(values[t])))
        });
        let scored = Scored {
            logp_bt,
            old_bt: (!settings.is_on_policy()).then_some(sampler_bt),
            reference_bt,
            entropy_bt: rows.grid(scores.entropy),
            advantage_bt: cells(&|row, t| written[row].advantages[t]),
            mask,
            truncated,
        };
        Ok((scored, tape))
    }

    fn prompt_texts(&self) -> Result<Vec<String>, Failure> {
        self.asked.iter().map(|(_, task)| Ok(task.sample().question.clone())).collect()
    }
}

/// Tokens of all completions.
fn written(generation: &[Experience]) -> usize {
    generation.iter().flat_map(|experience| &experience.completions).map(|one| one.token_ids.len()).sum()
}

/// Some completions of one prompt.
struct Part {
    group: usize,
    rows: std::ops::Range<usize>,
}

/// How far the trainer's log-probabilities are from the sampler's: rounding, or something is wrong.
fn log_difference(
    logp_bt: &Tensor<2>,
    sampler_bt: &Grid<f64>,
    mask: &Mask,
    step: &mut Step,
) -> Result<(), Failure> {
    let logp_bt = Grid::from_tensor("log-probabilities", logp_bt.clone().inner())?;
    let gaps = mask.fill(|row, t| (logp_bt.row(row)[t] - sampler_bt.row(row)[t]).abs());
    let tokens = mask.totals().tokens.max(1) as f64;
    let largest = mask.all_kept(&gaps).fold(0.0, f64::max);
    step.metrics().weighted(
        "sampling/sampling_logp_difference/mean",
        mask.all_kept(&gaps).sum::<f64>() / tokens,
        tokens,
    );
    step.metrics().mean("sampling/sampling_logp_difference/max", largest);
    Ok(())
}

impl Method<VlModel> for Online {
    fn step(&mut self, model: &VlModel, step: &mut Step) -> Result<(), Failure> {
        let rhythm = self.settings.rhythm;
        if self.state.generation.is_empty() || self.state.updates_made == rhythm.updates * rhythm.passes {
            self.generate(model, step)?;
        }
        self.learn(model, step)
    }

    /// Mean reward of greedy answers to held-out prompts, by function, with some of the wrong ones.
    fn evaluate(&mut self, model: &VlModel, step: u64) -> Result<Option<EvalRecord>, Failure> {
        let Some((examples, most)) = &self.held_out else { return Ok(None) };
        let asked = (0..*most).map(|index| Ok((index, examples.get(index)?)));
        let asked: Asked = asked.collect::<Result<_, Failure>>().map_err(BadInput)?;
        let model = model.valid();
        let mut sampler = LocalSampler::new(&model, &self.settings.sampler, &self.decode);
        let params = rollout::greedy(self.settings.sampling);
        Ok(Some(super::evaluate::evaluate(&mut sampler, &asked, &params, &self.rewards, step)?))
    }

    fn epoch(&self) -> f64 {
        self.data.epoch()
    }

    fn save(&self, files: &mut Files) -> Result<(), FileError> {
        files.insert_json(STATE, &self.state)
    }

    fn load(&mut self, files: &Files) -> Result<(), Failure> {
        self.state = files.json(STATE)?;
        self.data.seek(self.state.position);
        let again = |experience: &Experience| Ok((experience.position, self.data.at(experience.position)?));
        self.asked = self.state.generation.iter().map(again).collect::<Result<_, Failure>>()?;
        Ok(())
    }
}
