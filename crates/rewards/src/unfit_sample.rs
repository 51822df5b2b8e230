//! Samples that no completion can be judged by.

use std::fmt;

use crate::RewardError;

/// A sample whose answer is of no use to any of the rewards that look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct UnfitSample {
    /// Those rewards by name, each with its reason; one at least.
    pub reasons: Vec<(String, RewardError)>,
}

impl std::error::Error for UnfitSample {}

impl fmt::Display for UnfitSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, reason) in &self.reasons {
            write!(f, "reward {name}: {reason}; ")?;
        }
        f.write_str("give the row such an answer, or choose other `reward_funcs`")
    }
}
