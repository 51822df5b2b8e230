//! One completion, as a sampler hands it over.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a completion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopReason {
    /// The policy wrote an end token, which is part of the completion, or a stop string.
    Stop,
    /// The limit of new tokens was reached: the completion is truncated.
    Length,
}

/// What a policy wrote for one prompt.
///
/// Token ids and log-probabilities have one length, and every log-probability is finite: checked here once, so
/// that no loss has to.
///
/// ```
/// use rl_algos::{Completion, StopReason};
/// let completion = Completion::new(vec![5, 2], vec![-0.1, -0.7], "yes".into(), StopReason::Stop)?;
/// assert_eq!(completion.token_ids(), [5, 2]);
/// assert!(Completion::new(vec![5], vec![], String::new(), StopReason::Length).is_err());
/// # Ok::<(), rl_algos::CompletionError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Completion {
    token_ids: Vec<u32>,
    logprobs: Vec<f32>,
    text: String,
    stop: StopReason,
}

/// Why token ids and log-probabilities do not make a completion.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CompletionError {
    /// Not one log-probability per token.
    #[error(
        "completion: found {found} log-probabilities for {expected} tokens; ask the server for logprobs of every token"
    )]
    Length {
        /// Log-probabilities.
        found: usize,
        /// Tokens.
        expected: usize,
    },
    /// NaN, an infinity, or a value clearly above 0.
    #[error(
        "completion, token {token}: found log-probability {value}, expected a finite number of at most 0"
    )]
    Value {
        /// Position in the completion.
        token: usize,
        /// What was there.
        value: f32,
    },
}

/// Rounding may lift the log-probability of a certain token this far above 0.
const ROUNDING: f32 = 1e-3;

impl Completion {
    /// Checks that every token has a log-probability and that each is finite and not above 0.
    pub fn new(
        token_ids: Vec<u32>,
        logprobs: Vec<f32>,
        text: String,
        stop: StopReason,
    ) -> Result<Self, CompletionError> {
        if token_ids.len() != logprobs.len() {
            return Err(CompletionError::Length { found: logprobs.len(), expected: token_ids.len() });
        }
        match logprobs.iter().position(|logprob| !logprob.is_finite() || *logprob > ROUNDING) {
            Some(token) => Err(CompletionError::Value { token, value: logprobs[token] }),
            None => Ok(Self { token_ids, logprobs, text, stop }),
        }
    }

    /// The tokens, end token included.
    pub fn token_ids(&self) -> &[u32] {
        &self.token_ids
    }

    /// Natural logarithm of the probability with which each token was drawn.
    pub fn logprobs(&self) -> &[f32] {
        &self.logprobs
    }

    /// The decoded text, without special tokens.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why it ended.
    pub const fn stop(&self) -> StopReason {
        self.stop
    }
}
