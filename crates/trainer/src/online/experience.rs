//! What a policy has written, judged and ready to learn from.

use rl_algos::{Completion, StopReason};
use serde::{Deserialize, Serialize};

/// The completions of one prompt with everything a loss needs to know of them.
///
/// The prompt is named by its position in the data: a checkpoint stores numbers, and pictures are read again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experience {
    /// Position of the prompt in the stream of data.
    pub position: u64,
    /// What was written.
    pub completions: Vec<Written>,
    /// Reward of the greedy completion, where it is the baseline.
    pub greedy_reward: Option<f64>,
}

/// One completion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// Its tokens.
    pub token_ids: Vec<u32>,
    /// ℓˢ: the log-probability each was drawn with.
    pub logprobs: Vec<f32>,
    /// Its text.
    pub text: String,
    /// Why it ended.
    pub stop: StopReason,
    /// Its reward, if it could be judged.
    pub reward: Option<f64>,
    /// What each reward function gave, in their order.
    pub components: Vec<Option<f64>>,
    /// A, one for each token.
    pub advantages: Vec<f64>,
    /// ℓᶠ: log-probabilities under the reference, where one is used.
    pub reference: Option<Vec<f32>>,
}

impl Experience {
    /// Completions of the prompt at `position`, which nobody has judged.
    pub fn new(position: u64, completions: &[Completion]) -> Self {
        Self { position, completions: completions.iter().map(Written::new).collect(), greedy_reward: None }
    }
}

impl Written {
    /// A completion nobody has judged.
    pub fn new(completion: &Completion) -> Self {
        Self {
            token_ids: completion.token_ids().to_vec(),
            logprobs: completion.logprobs().to_vec(),
            text: completion.text().to_owned(),
            stop: completion.stop(),
            reward: None,
            components: Vec::new(),
            advantages: Vec::new(),
            reference: None,
        }
    }

    /// Whether the length limit cut it.
    pub fn is_truncated(&self) -> bool {
        self.stop == StopReason::Length
    }
}
