//! Rewards for counts.

use crate::reward::with_gold;
use crate::text::number::first_count;
use crate::{Finite, Group, Outcome, RewardError, RewardFn, Sample, UnparsedKind};

/// The score of a wrong count, and of no count at all.
const WRONG: f64 = -0.5;

/// 1 for the right count, 0.5 beside it, 0.2 up to three away, −0.5 beyond.
///
/// ```
/// assert_eq!(rewards::count_score(8, 5), 0.2);
/// ```
pub fn count_score(predicted: u64, gold: u64) -> f64 {
    match predicted.abs_diff(gold) {
        0 => 1.0,
        1 => 0.5,
        2 | 3 => 0.2,
        _ => WRONG,
    }
}

/// Counting: the first number of the completion against the first number of the gold answer.
///
/// ```
/// use rewards::{CountingReward, Group, Outcome, RewardFn, Sample, UnparsedKind};
/// let group = Group::of_texts(Sample::text("How many?", "5"), ["There are 4 apples.", "none that I see"]);
/// let outcomes = CountingReward.judge(&group);
/// assert_eq!(outcomes[0].value(), Some(0.5));
/// assert_eq!(outcomes[1], Outcome::Unparsed(UnparsedKind::NoNumber));
/// assert_eq!(CountingReward.unparsed_score().get(), -0.5);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingReward;

impl CountingReward {
    pub(super) fn score(text: &str, gold: u64) -> Outcome {
        let score = |predicted| Outcome::from_f64(count_score(predicted, gold));
        first_count(text).map_or(Outcome::Unparsed(UnparsedKind::NoNumber), score)
    }

    pub(super) fn gold(text: &str) -> Result<u64, RewardError> {
        first_count(text).ok_or_else(|| RewardError::bad_gold(text, UnparsedKind::NoNumber))
    }
}

impl RewardFn for CountingReward {
    fn name(&self) -> &str {
        "counting"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        with_gold(
            group,
            |sample| Self::gold(sample.gold_text()?),
            |gold| group.completions().iter().map(|c| Self::score(&c.text, gold)).collect(),
        )
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        Self::gold(sample.gold_text()?).map(drop)
    }

    fn unparsed_score(&self) -> Finite {
        Finite::constant(WRONG)
    }
}
