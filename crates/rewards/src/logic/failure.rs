//! What becomes of a completion whose arbiter failed.

use crate::RewardError;

/// What a failed call of the arbiter is worth. Under every policy the failure is counted in
/// [`RewardStats::failed`](crate::RewardStats::failed), so that a run can warn of many.
///
/// ```
/// use std::sync::Arc;
/// use rewards::{ArbiterFailure, Group, LogicalConsistency, RewardSet, Sample, ScriptedArbiter};
/// let group = Group::of_texts(Sample::text("?", "A"), ["<think>It is A.</think><answer>A</answer>"]);
/// let report = |failure| {
///     let silent = Arc::new(ScriptedArbiter::default());
///     RewardSet::new().with(LogicalConsistency::new(silent).on_failure(failure), 1.0).judge(&group)
/// };
/// assert_eq!(report(ArbiterFailure::Zero).totals[0].map(|total| total.get()), Some(0.0));
/// assert_eq!(report(ArbiterFailure::Drop).totals[0], None);
/// assert!(report(ArbiterFailure::Abort).abort().is_some());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArbiterFailure {
    /// The component is 0.
    #[default]
    Zero,
    /// The component is left out of the sum for that completion.
    Drop,
    /// The component is left out, and [`GroupReport::abort`](crate::GroupReport::abort) asks the run to stop.
    Abort,
}

impl ArbiterFailure {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Zero, Self::Drop, Self::Abort];

    /// The name used in recipes.
    ///
    /// ```
    /// assert_eq!(rewards::ArbiterFailure::Abort.name(), "abort");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Drop => "drop",
            Self::Abort => "abort",
        }
    }

    pub(crate) fn error(self, message: impl Into<String>) -> RewardError {
        RewardError::Arbiter { message: message.into(), policy: self }
    }
}

impl std::str::FromStr for ArbiterFailure {
    type Err = crate::UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|policy| policy.name() == name);
        found.ok_or_else(|| {
            crate::UnknownName::new("arbiter failure policy", name, &Self::ALL.map(Self::name))
        })
    }
}
