//! Why a session cannot start.

use super::run_dir::RunDirError;
use crate::engine::{Failure, RunError};
use lora::LoraError;
use rewards::RegistryError;
use rl_algos::{AlgoError, SamplingError};
use vlm_model::LoadError;
use vlm_processor::ProcessorError;

/// Why a run cannot start, or ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The model folder's text or image settings are unusable.
    #[error(transparent)]
    Processor(#[from] ProcessorError),
    /// The model's weights are unusable.
    #[error(transparent)]
    Model(#[from] LoadError),
    /// Adapters cannot be attached or read.
    #[error(transparent)]
    Lora(#[from] LoraError),
    /// An adapter's folder cannot be read.
    #[error(transparent)]
    Peft(#[from] lora::peft::PeftError),
    /// A data set cannot be used.
    #[error(transparent)]
    Data(Failure),
    /// A reward cannot be made.
    #[error("reward_funcs: {0}")]
    Reward(#[from] RegistryError),
    /// A number of the recipe is outside of what its algorithm allows.
    #[error("recipe: {0}")]
    Algorithm(#[from] AlgoError),
    /// A sampling setting makes no sense.
    #[error("recipe: {0}")]
    Sampling(#[from] SamplingError),
    /// Completions would not follow the policy that learns from them.
    #[error(
        "recipe: found repetition_penalty {found}, expected 1: with a penalty the completions are not the policy's own, and its \
         gradient would be wrong; remove the key"
    )]
    RepetitionPenalty {
        /// The penalty.
        found: f64,
    },
    /// A setting that this version does not act on.
    #[error("recipe: {key} is not supported: {reason}; remove the key")]
    Unsupported {
        /// The key.
        key: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Prompts cannot be shared out among updates.
    #[error(
        "recipe: found {prompts} prompts for {updates} updates of one generation, expected a multiple: change \
         per_device_train_batch_size, num_generations or steps_per_generation"
    )]
    Rhythm {
        /// Prompts of a generation.
        prompts: usize,
        /// Updates that share it.
        updates: usize,
    },
    /// The data does not fill one generation.
    #[error(
        "recipe: found {rows} rows for generations of {batch}, so that an epoch has no step; lower rollout_batch_size, or set \
         dataloader_drop_last: false"
    )]
    NoGeneration {
        /// Rows of an epoch.
        rows: u64,
        /// Rows of a generation.
        batch: u64,
    },
    /// Every weight is frozen.
    #[error(
        "recipe: found nothing that is trained, expected some weights; mend lora_target_modules or the freeze_… keys"
    )]
    NothingToTrain,
    /// The run's folder cannot be used.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// The run itself failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A file cannot be written.
    #[error("{path}: {source}", path = path.display())]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
