//! Failures of a reward function. Failures of a completion are [`UnparsedKind`](crate::UnparsedKind).

use std::time::Duration;

use crate::{ArbiterFailure, Finite};

/// Why a reward gave no verdict.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RewardError {
    /// The function computed NaN or an infinity.
    #[error("the reward computed {found}; expected a finite number")]
    NonFinite {
        /// The number as printed.
        found: String,
    },
    /// The function panicked; the panic was stopped at the boundary of the set.
    #[error("the reward panicked: {message}")]
    Panicked {
        /// The text of the panic.
        message: String,
    },
    /// The function was still running at the deadline.
    #[error("the reward did not answer within {limit:?}; raise the deadline or make it faster")]
    TimedOut {
        /// The deadline that passed.
        limit: Duration,
    },
    /// Earlier calls of the function never came back, so it is not called again.
    #[error("the reward is not called: {stuck} earlier calls never returned")]
    Stuck {
        /// Calls that are still running past their deadline.
        stuck: usize,
    },
    /// The function returned another number of verdicts than there are completions.
    #[error("the reward returned {found} verdicts for {expected} completions")]
    WrongLength {
        /// Verdicts returned.
        found: usize,
        /// Completions in the group.
        expected: usize,
    },
    /// The sample has no gold answer of the kind this reward needs.
    #[error("the sample's gold answer is {found}; this reward needs {expected}")]
    WrongGold {
        /// What the sample holds.
        found: &'static str,
        /// What was needed.
        expected: &'static str,
    },
    /// The gold answer itself cannot be read.
    #[error("the gold answer {gold:?} cannot be read: {why}; correct the data row")]
    BadGold {
        /// The start of the gold answer.
        gold: String,
        /// What is wrong with it.
        why: crate::UnparsedKind,
    },
    /// The arbiter could not be asked or gave no usable reply.
    #[error("the arbiter failed: {message}")]
    Arbiter {
        /// What the arbiter reported.
        message: String,
        /// What the recipe wants done about it.
        policy: ArbiterFailure,
    },
}

impl RewardError {
    /// The error for a gold answer that cannot be read; keeps only its first 60 characters.
    ///
    /// ```
    /// use rewards::{RewardError, UnparsedKind};
    /// let error = RewardError::bad_gold("??", UnparsedKind::NoNumber);
    /// assert!(error.to_string().contains("no number"));
    /// ```
    pub fn bad_gold(gold: &str, why: crate::UnparsedKind) -> Self {
        Self::BadGold { gold: gold.chars().take(60).collect(), why }
    }
    /// What a completion scores in spite of the failure; `None` leaves the reward out of its total.
    ///
    /// ```
    /// use rewards::{ArbiterFailure, Finite, RewardError};
    /// let lost = |policy| RewardError::Arbiter { message: "busy".into(), policy };
    /// assert_eq!(lost(ArbiterFailure::Zero).score(), Some(Finite::ZERO));
    /// assert_eq!(lost(ArbiterFailure::Drop).score(), None);
    /// ```
    pub fn score(&self) -> Option<Finite> {
        let zero = matches!(self, Self::Arbiter { policy: ArbiterFailure::Zero, .. });
        zero.then_some(Finite::ZERO)
    }

    /// Whether the recipe wants the run to stop on this failure.
    ///
    /// ```
    /// use rewards::{ArbiterFailure, RewardError};
    /// assert!(RewardError::Arbiter { message: "busy".into(), policy: ArbiterFailure::Abort }.is_abort());
    /// ```
    pub const fn is_abort(&self) -> bool {
        matches!(self, Self::Arbiter { policy: ArbiterFailure::Abort, .. })
    }
}
