//! What an arbiter is asked in words, within which bounds, and why it may not reply.

use std::time::Duration;

/// One conversation of two messages.
///
/// ```
/// let prompt = rewards::TextPrompt { system: String::new(), user: "Which?".into() };
/// assert!(prompt.system.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextPrompt {
    /// The system message; none when empty.
    pub system: String,
    /// The user message.
    pub user: String,
}

/// The bounds of one reply.
///
/// ```
/// use rewards::AnswerParams;
/// let long = AnswerParams { max_tokens: 1024, seed: Some(3407), ..AnswerParams::ONE_LETTER };
/// assert_eq!(long.limit.as_secs(), 30);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerParams {
    /// Tokens at most.
    pub max_tokens: usize,
    /// Temperature of the sampling.
    pub temperature: f64,
    /// Seed of the sampling, where the model takes one.
    pub seed: Option<u64>,
    /// Time that one try may take; the implementation keeps it.
    pub limit: Duration,
}

impl AnswerParams {
    /// For a single letter: 5 tokens, nearly greedy, within 30 seconds.
    pub const ONE_LETTER: Self =
        Self { max_tokens: 5, temperature: 0.01, seed: None, limit: Duration::from_secs(30) };
}

/// Why an arbiter did not reply in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArbiterError {
    /// The arbiter only gives verdicts.
    #[error("this arbiter gives verdicts and no free text; configure one that serves chat completions")]
    NoFreeText,
    /// No reply came in time.
    #[error("no reply within {limit:?}")]
    TimedOut {
        /// The limit that passed.
        limit: Duration,
    },
    /// The arbiter cannot be reached or is busy: another try may succeed.
    #[error("unavailable: {message}")]
    Unavailable {
        /// What was observed.
        message: String,
    },
    /// The arbiter refused the request as it stands: another try would be refused too.
    #[error("refused: {message}")]
    Refused {
        /// What the arbiter gave as its reason.
        message: String,
    },
}

impl ArbiterError {
    /// Whether asking again may help.
    ///
    /// ```
    /// use rewards::ArbiterError;
    /// assert!(ArbiterError::Unavailable { message: "connection reset".into() }.is_transient());
    /// assert!(!ArbiterError::NoFreeText.is_transient());
    /// ```
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::Unavailable { .. })
    }
}
