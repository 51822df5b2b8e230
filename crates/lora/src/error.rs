//! Why an adapter cannot be attached.

use crate::config::MAX_RANK;

/// Why an adapter cannot be attached.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LoraError {
    /// The rank is out of bounds.
    #[error("LoRA rank {found}, expected 1 to {MAX_RANK}")]
    Rank {
        /// What was asked for.
        found: usize,
    },
    /// α is no scale.
    #[error("LoRA alpha {found}, expected a finite number above 0")]
    Alpha {
        /// What was asked for.
        found: f64,
    },
    /// The dropout is no probability below one.
    #[error("LoRA dropout {found}, expected 0 or more and less than 1")]
    Dropout {
        /// What was asked for.
        found: f64,
    },
    /// A pattern cannot be read.
    #[error("the pattern {pattern:?} is not a regular expression that can be used: {problem}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A name or pattern fits no linear map.
    #[error("the target {target:?} matches no linear map; there are {known}{hint}")]
    NoMatch {
        /// What was asked for.
        target: String,
        /// Last parts of the names that exist.
        known: String,
        /// What to change.
        hint: String,
    },
    /// A module to save does not exist or cannot be copied.
    #[error("the module to save {name:?} is not a linear map of this model; there are {known}")]
    NoSuchModule {
        /// What was asked for.
        name: String,
        /// Last parts of the names that exist.
        known: String,
    },
    /// There are adapters already.
    #[error("{module} has an adapter already; detach or merge it first")]
    AlreadyAttached {
        /// The first such module.
        module: String,
    },
}
