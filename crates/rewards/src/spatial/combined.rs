//! The reward that fits the task of the sample.

use super::{CountingReward, DistanceReward, SpatialReward};
use crate::{Finite, Group, Outcome, RewardError, RewardFn, Sample, Task};

/// Counting samples go to [`CountingReward`], distances to [`DistanceReward`], all others to [`SpatialReward`].
///
/// ```
/// use rewards::{CombinedReward, Group, RewardFn, Sample, Task};
/// let sample = Sample::text("How many?", "5").with_task(Task::Counting);
/// let outcomes = CombinedReward::default().judge(&Group::of_texts(sample, ["5"]));
/// assert_eq!(outcomes[0].value(), Some(1.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CombinedReward {
    spatial: SpatialReward,
}

impl CombinedReward {
    /// The combination with a spatial reward of one's own.
    ///
    /// ```
    /// use rewards::{CombinedReward, RewardFn, SpatialReward};
    /// assert_eq!(CombinedReward::new(SpatialReward::default()).name(), "combined");
    /// ```
    pub const fn new(spatial: SpatialReward) -> Self {
        Self { spatial }
    }
}

impl RewardFn for CombinedReward {
    fn name(&self) -> &str {
        "combined"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        match group.sample().task {
            Task::Spatial => self.spatial.judge(group),
            Task::Counting => CountingReward.judge(group),
            Task::Distance => DistanceReward.judge(group),
        }
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        match sample.task {
            Task::Spatial => self.spatial.accepts(sample),
            Task::Counting => CountingReward.accepts(sample),
            Task::Distance => DistanceReward.accepts(sample),
        }
    }

    /// The spatial reward reads every text; the other two score an unread one alike.
    fn unparsed_score(&self) -> Finite {
        CountingReward.unparsed_score()
    }
}
