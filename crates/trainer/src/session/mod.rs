//! A recipe turned into a run: model, adapters, data, method, folder.

mod error;
mod examples;
mod identity;
mod inputs;
mod kept;
mod needs;
mod online;
mod plan;
mod preference;
mod rehearsal;
mod run_dir;
mod sources;
mod tune;
mod unsupported;
mod unusable_row;
mod weights;

pub use error::SessionError;
pub use examples::{Conversations, Hints, Labels, Pairs, Prepared, Tasks, sample};
pub use identity::Identity;
pub use kept::Kept;
pub use needs::Needs;
pub use plan::plan;
pub use rehearsal::Rehearsal;
pub use run_dir::{Claim, From as StartFrom, Opened, RunDir, RunDirError};
pub use unsupported::unsupported;
pub use unusable_row::UnusableRow;
pub use weights::AdapterWeights;

use crate::data::WholeBatches;
use crate::engine::{
    Alone, Companion, Ending, Method, Observer, Plan, Run, Stop, TrainedWeights, Weights, trainable_count,
};
use crate::methods::{Batch, Dpo, PairReference, Sft, SupervisedLoss};
use crate::online::{Online, OnlineSettings};
use crate::sight::Sight;
use burn::module::Module;
use burn::tensor::Device;
use recipe::{DpoSettings, Recipe, Reference, SftLoss, SftSettings, Tuning};
use rewards::{Registry, RewardSet, SoftOverlong};
use rl_algos::{Fraction, Positive};
use sources::Sources;
use std::path::Path;
use std::sync::Arc;
use vlm_model::{Activations, Precision, VlModel};
use vlm_processor::{Processor, ProcessorError, SpecialTokens};

/// File in a run's folder that holds its recipe, with every default.
pub const RECIPE: &str = "config.yaml";

/// Everything that a recipe asks for, loaded and checked, before the first step.
pub struct Session {
    recipe: Recipe,
    processor: Arc<Processor>,
    model: VlModel,
    weights: Box<dyn Weights<VlModel>>,
    sources: Sources,
    companion: Box<dyn Companion<VlModel>>,
    claim: Claim,
}

/// What a run left behind.
#[derive(Debug)]
pub struct Outcome {
    /// The trained model.
    pub model: VlModel,
    /// Steps done in all.
    pub steps: u64,
    /// How it ended.
    pub ending: Ending,
}

impl Session {
    /// Opens the data, takes the folder of the run, which is to start `from` there, and then loads the model that `recipe`
    /// names, its frozen weights in `precision`: see [`precision`].
    pub fn open(
        recipe: Recipe,
        from: &StartFrom,
        device: &Device,
        precision: Precision,
    ) -> Result<Self, SessionError> {
        let folder = &recipe.model.model_name_or_path;
        let processor = Arc::new(processor(&recipe)?);
        let sources = Sources::open(&recipe)?;
        if let Some((key, reason)) = unsupported(&recipe) {
            return Err(SessionError::Unsupported { key, reason });
        }
        check_rewards(&recipe.method)?;
        let limit = recipe.run.save_total_limit.map(|limit| limit.get());
        let precision = self::precision(&recipe, precision);
        let identity = Identity::of(&recipe, precision)?;
        let claim = Claim::new(&recipe.run.output_dir, from, limit, &identity)?;
        let mut model = load(&recipe, device, precision)?;
        let weights: Box<dyn Weights<VlModel>> = match &recipe.tuning {
            Tuning::Adapter(lora) => {
                let (adapted, weights) = AdapterWeights::prepare(model, lora, folder, recipe.run.seed)?;
                model = adapted;
                Box::new(weights)
            }
            Tuning::Full(full) => {
                model = tune::unfreeze(model, full);
                Box::new(TrainedWeights)
            }
        };
        if trainable_count(&model) == 0 {
            return Err(SessionError::NothingToTrain);
        }
        Ok(Self { recipe, processor, model, weights, sources, companion: Box::new(Alone), claim })
    }

    /// Numbers that are trained, and numbers in all.
    pub fn parameters(&self) -> [usize; 2] {
        [trainable_count(&self.model), self.model.num_params()]
    }

    /// The recipe.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// What prepares its rows.
    pub fn processor(&self) -> &Arc<Processor> {
        &self.processor
    }

    /// Updates of one pass over the data; a fraction where epochs and updates do not end together.
    pub fn updates_per_epoch(&self) -> Result<f64, SessionError> {
        let rhythm = |settings: OnlineSettings| {
            let rows = online::rows(&self.recipe, &self.sources, settings.rhythm)?;
            Ok(settings.rhythm.updates_of(rows))
        };
        match &self.recipe.method {
            recipe::Method::Sft(_) | recipe::Method::Dpo(_) => Ok(updates(&self.recipe, &self.sources)),
            recipe::Method::Grpo(grpo) => {
                online::grpo(&self.recipe, grpo, self.processor.special()).and_then(rhythm)
            }
            recipe::Method::Reinforce(reinforce) => {
                online::reinforce(&self.recipe, reinforce, self.processor.special()).and_then(rhythm)
            }
        }
    }

    /// The same run, with somebody who goes along.
    #[must_use]
    pub fn with_companion(self, companion: Box<dyn Companion<VlModel>>) -> Self {
        Self { companion, ..self }
    }

    /// Runs to the end, or until `stop`.
    pub fn train(self, observer: &mut dyn Observer, stop: Stop) -> Result<Outcome, SessionError> {
        let (mut method, plan) = self.method()?;
        let Self { recipe, model, weights, mut companion, claim, .. } = self;
        let Opened { dir: mut ledger, files, notices } = claim.open()?;
        write(&recipe.run.output_dir.join(RECIPE), recipe.to_yaml().as_bytes())?;
        notices.iter().for_each(|text| observer.notice(text));
        let companion = &mut *companion;
        let run = Run { plan: &plan, weights: &*weights, ledger: &mut ledger, observer, companion, stop };
        let trained = run.train(model, &mut *method, files.as_ref())?;
        Ok(Outcome { model: trained.model, steps: trained.steps, ending: trained.ending })
    }

    /// The method that the recipe names, with its data, and the plan of its run.
    fn method(&self) -> Result<(Box<dyn Method<VlModel>>, Plan), SessionError> {
        match &self.recipe.method {
            recipe::Method::Sft(sft) => self.sft(sft),
            recipe::Method::Dpo(dpo) => self.dpo(dpo),
            recipe::Method::Grpo(grpo) => {
                let settings = online::grpo(&self.recipe, grpo, self.processor.special())?;
                self.online(settings, &grpo.sampling, &grpo.rewards, None)
            }
            recipe::Method::Reinforce(reinforce) => {
                let settings = online::reinforce(&self.recipe, reinforce, self.processor.special())?;
                self.online(settings, &reinforce.sampling, &reinforce.rewards, Some(reinforce))
            }
        }
    }

    fn sft(&self, sft: &SftSettings) -> Result<(Box<dyn Method<VlModel>>, Plan), SessionError> {
        let labels = Labels::of(sft);
        let longest = sft.max_length.map(|length| length.get());
        let examples = |prepared: Prepared| Conversations(prepared.overlong(sft.overlong), labels);
        let batch = batch(&self.recipe);
        let plan = plan(&self.recipe, updates(&self.recipe, &self.sources));
        let method = Sft {
            data: self.sources.stream(self.processor.clone(), longest, batch.rows(), examples),
            batch,
            packing: sft.max_length.filter(|_| sft.packing).map(|length| length.get()),
            loss: match sft.loss_type {
                SftLoss::Nll => SupervisedLoss::Nll,
                SftLoss::Dft => SupervisedLoss::Dft,
            },
            sight: Sight::of(&self.model),
            activations: activations(&self.recipe),
            held_out: self.sources.held_out(self.processor.clone(), longest, examples),
        };
        Ok((Box::new(method), plan))
    }

    fn dpo(&self, dpo: &DpoSettings) -> Result<(Box<dyn Method<VlModel>>, Plan), SessionError> {
        let longest = dpo.max_length.map(|length| length.get());
        let pairs = |prepared: Prepared| Pairs(prepared.overlong(dpo.overlong));
        let batch = batch(&self.recipe);
        let plan = plan(&self.recipe, updates(&self.recipe, &self.sources));
        let reference = match (dpo.reference, &self.recipe.tuning) {
            (Reference::Base, Tuning::Adapter(_)) => PairReference::Base,
            _ => PairReference::Start(Box::new(self.model.valid())),
        };
        let method = Dpo {
            data: self.sources.stream(self.processor.clone(), longest, batch.rows(), pairs),
            batch,
            beta: Positive::new(dpo.beta.get())?,
            losses: preference::losses(dpo)?,
            tail_weight: dpo.ld_alpha.map(|alpha| Fraction::new(alpha.get())).transpose()?,
            reference,
            sight: Sight::of(&self.model),
            activations: activations(&self.recipe),
            held_out: self.sources.held_out(self.processor.clone(), longest, pairs),
        };
        Ok((Box::new(method), plan))
    }

    fn online(
        &self,
        settings: OnlineSettings,
        sampling: &recipe::SamplingSettings,
        rewards: &recipe::RewardSettings,
        maye: Option<&recipe::ReinforceSettings>,
    ) -> Result<(Box<dyn Method<VlModel>>, Plan), SessionError> {
        let hints = hints(&self.recipe.method);
        let rewards = reward_set(rewards, sampling, maye)?;
        let judges = Arc::new(rewards.clone());
        let tasks = |prepared: Prepared| Tasks(prepared.hints(hints).judged_by(judges.clone()));
        let rhythm = settings.rhythm;
        let prompts = rhythm.prompts * rhythm.updates;
        let plan = plan(&self.recipe, rhythm.updates_of(online::rows(&self.recipe, &self.sources, rhythm)?));
        let longest = sampling.max_prompt_length.map(|length| length.get());
        let whole = if maye.is_some_and(|maye| maye.dataloader_drop_last) { prompts } else { 1 };
        let whole = |prepared| WholeBatches::new(tasks(prepared), whole);
        let data = self.sources.stream(self.processor.clone(), longest, prompts, whole);
        let held_out = self.sources.held_out(self.processor.clone(), longest, tasks);
        let processor = self.processor.clone();
        // Ids come from the model's own vocabulary; one without text is none.
        let decode =
            Box::new(move |ids: &[u32]| processor.decode(ids, SpecialTokens::Skip).unwrap_or_default());
        let method = Online::new(settings, data, rewards, decode, &self.model).with_held_out(held_out);
        Ok((Box::new(method), plan))
    }
}

/// The processor of the recipe's model, within the recipe's limits of pixels.
fn processor(recipe: &Recipe) -> Result<Processor, ProcessorError> {
    let [min, max] = [recipe.data.min_pixels, recipe.data.max_pixels];
    let processor = Processor::from_dir(&recipe.model.model_name_or_path)?;
    let processor = match &recipe.model.chat_template_path {
        Some(path) => processor.with_template(path)?,
        None => processor,
    };
    Ok(processor.with_pixels(min.map(|pixels| pixels.get()), max.map(|pixels| pixels.get())))
}

fn batch(recipe: &Recipe) -> Batch {
    Batch {
        micro: recipe.optimiser.per_device_train_batch_size.get(),
        accumulation: recipe.optimiser.gradient_accumulation_steps.get(),
    }
}

/// Updates of an epoch where every row is seen once; the last one has the rows that are left.
fn updates(recipe: &Recipe, sources: &Sources) -> f64 {
    sources.rows().div_ceil(batch(recipe).rows() as u64) as f64
}

/// Whether prompts say what form their answer has.
fn hints(method: &recipe::Method) -> Hints {
    match method {
        recipe::Method::Grpo(grpo) if grpo.task_hint => Hints::ByTask,
        _ => Hints::None,
    }
}

/// What the recipe wants kept for gradients.
fn activations(recipe: &Recipe) -> Activations {
    if recipe.run.gradient_checkpointing { Activations::Recomputed } else { Activations::Kept }
}

/// The element type of the model's weights: the one `asked` for where they are frozen, 32 bits where they are trained
/// themselves, because updates are smaller than what 16 bits resolve. Adapters have 32 bits in any case.
pub fn precision(recipe: &Recipe, asked: Precision) -> Precision {
    match recipe.tuning {
        Tuning::Adapter(_) => asked,
        Tuning::Full(_) => Precision::F32,
    }
}

/// The model, its frozen weights packed where the recipe says so.
fn load(recipe: &Recipe, device: &Device, asked: Precision) -> Result<VlModel, SessionError> {
    let (folder, precision) = (&recipe.model.model_name_or_path, precision(recipe, asked));
    let quantization = match &recipe.tuning {
        Tuning::Adapter(lora) => tune::quantization(lora),
        Tuning::Full(_) => None,
    };
    Ok(match quantization {
        Some(quantization) => VlModel::from_dir_quantized(folder, device, precision, &quantization)?,
        None => VlModel::from_dir(folder, device, precision)?,
    })
}

/// The rewards that a recipe names.
fn reward_set(
    asked: &recipe::RewardSettings,
    sampling: &recipe::SamplingSettings,
    maye: Option<&recipe::ReinforceSettings>,
) -> Result<RewardSet, SessionError> {
    let overlong = asked
        .soft_punish_cache
        .and_then(|cache| SoftOverlong::new(sampling.max_completion_length.get(), cache.get()).ok());
    let registry = Registry { overlong, ..Registry::default() };
    let mut set = RewardSet::new();
    for weighted in &asked.funcs {
        set = match (weighted.item.as_str(), maye) {
            ("maye", Some(settings)) => set.with(online::maye_reward(settings), weighted.weight),
            (name, _) => set.with_shared(registry.get(name)?, weighted.weight),
        };
    }
    Ok(set)
}

/// Whether all rewards of a method can be made.
fn check_rewards(method: &recipe::Method) -> Result<(), SessionError> {
    match method {
        recipe::Method::Sft(_) | recipe::Method::Dpo(_) => Ok(()),
        recipe::Method::Grpo(grpo) => reward_set(&grpo.rewards, &grpo.sampling, None).map(drop),
        recipe::Method::Reinforce(reinforce) => {
            reward_set(&reinforce.rewards, &reinforce.sampling, Some(reinforce)).map(drop)
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), SessionError> {
    std::fs::write(path, bytes).map_err(|source| SessionError::Write { path: path.to_owned(), source })
}
