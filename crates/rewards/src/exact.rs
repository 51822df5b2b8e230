//! Equality of texts.

use crate::reward::against_gold;
use crate::text::boxed::{last_boxed, strip_box};
use crate::text::tags::last_block;
use crate::{Group, Outcome, RewardError, RewardFn, Role, Sample, UnparsedKind};

/// Where the answer stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerPart {
    /// The whole completion.
    #[default]
    Whole,
    /// The last `<answer>` block.
    Tag,
    /// The last `\boxed{…}`.
    Boxed,
}

/// r = 1 if the answer equals the gold text after trimming, else 0. A box around the gold text is removed.
///
/// ```
/// use rewards::{AnswerPart, ExactMatch, Group, RewardFn, Sample};
/// let boxed = ExactMatch::new(AnswerPart::Boxed);
/// let values = boxed.judge(&Group::of_texts(Sample::text("?", "7"), [r"so \boxed{7}", "7"]));
/// assert_eq!((values[0].value(), values[1].value()), (Some(1.0), None));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ExactMatch {
    part: AnswerPart,
}

impl ExactMatch {
    /// Equality of one part of the completion.
    ///
    /// ```
    /// use rewards::{AnswerPart, ExactMatch, RewardFn};
    /// assert_eq!(ExactMatch::new(AnswerPart::Tag).name(), "exact_tag");
    /// ```
    pub const fn new(part: AnswerPart) -> Self {
        Self { part }
    }

    fn score(self, text: &str, gold: &str) -> Outcome {
        let (answer, missing) = match self.part {
            AnswerPart::Whole => (Some(text), UnparsedKind::NoAnswer),
            AnswerPart::Tag => (last_block(text, "answer"), UnparsedKind::NoAnswer),
            AnswerPart::Boxed => (last_boxed(text), UnparsedKind::NoBox),
        };
        answer.map_or(Outcome::Unparsed(missing), |answer| Outcome::from(answer.trim() == strip_box(gold)))
    }
}

impl RewardFn for ExactMatch {
    fn name(&self) -> &str {
        match self.part {
            AnswerPart::Whole => "exact",
            AnswerPart::Tag => "exact_tag",
            AnswerPart::Boxed => "exact_boxed",
        }
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        against_gold(group, |text, gold| self.score(text, gold))
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        sample.gold_text().map(drop)
    }

    fn role(&self) -> Role {
        Role::Correctness
    }
}
