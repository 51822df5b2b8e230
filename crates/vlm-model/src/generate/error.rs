//! Why completions could not be written.

use crate::PromptError;

/// Why a call to generate ended without completions. Requests are counted from zero, in the order of the call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// A prompt does not fit the model.
    #[error("prompt {request}: {problem}")]
    Prompt {
        /// Index of the request.
        request: usize,
        /// What is wrong with its prompt.
        #[source]
        problem: PromptError,
    },
    /// The network computed something that is no number.
    #[error(
        "prompt {request}: found log-probabilities that are not finite, expected numbers: the weights overflow; use \
         another precision or other weights"
    )]
    NotFinite {
        /// Index of the request.
        request: usize,
    },
    /// A prompt and one completion of it need more of the cache than there may be.
    #[error(
        "prompt {request} and one completion need {needed} cache rows, but {allowed} are allowed: allow more, or \
         shorten the prompt or the completion"
    )]
    CacheRows {
        /// Index of the request with the longest prompt.
        request: usize,
        /// Rows that it and one completion take.
        needed: usize,
        /// Rows allowed.
        allowed: usize,
    },
    /// Whoever watched the progress asked for the end.
    #[error("generation was stopped before all completions were written")]
    Stopped,
}
