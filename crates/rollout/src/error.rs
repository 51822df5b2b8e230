//! Why a group could not be sampled.

use rl_algos::{AlgoError, CompletionError};
use vlm_model::PromptError;
use vlm_model::generate::{GenerateError, SettingsError};

/// What can go wrong between prompts and groups. Prompts are counted from zero within the call.
#[derive(Debug, thiserror::Error)]
pub enum RolloutError {
    /// A sampling parameter is out of the range in which f32 arithmetic works.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The engine could not write the completions.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The images of a prompt do not fit the vision tower.
    #[error("prompt {prompt}: {problem}")]
    Features {
        /// Index of the prompt in the call.
        prompt: usize,
        /// What is wrong with it.
        #[source]
        problem: PromptError,
    },
    /// What the engine wrote is no completion.
    #[error(transparent)]
    Completion(#[from] CompletionError),
    /// A prompt has no completions.
    #[error(transparent)]
    Group(#[from] AlgoError),
}
