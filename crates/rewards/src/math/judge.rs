//! The math judge as a reward.

use super::equal;
use super::eval::Budget;
use super::extract::{Extraction, extract};
use super::limits;
use crate::reward::with_gold;
use crate::{Group, Outcome, RewardError, RewardFn, Role, Sample, UnparsedKind};

/// Whether `prediction` gives the answer `gold`; both may be whole replies.
///
/// ```
/// use rewards::math_equal;
/// assert_eq!(math_equal(r"So \boxed{\frac{6}{8}}.", r"$\frac{3}{4}$").value(), Some(1.0));
/// assert_eq!(math_equal(r"\boxed{5\sqrt{2}}", r"$\sqrt{50}$").value(), Some(1.0));
/// assert_eq!(math_equal("The answer is 7.", "8").value(), Some(0.0));
/// assert_eq!(math_equal(r"\boxed{2^{1000000000}}", "1").value(), Some(0.0));
/// ```
pub fn math_equal(prediction: &str, gold: &str) -> Outcome {
    match MathGold::parse(gold) {
        Ok(gold) => gold.judge(prediction),
        Err(error) => Outcome::Failed(error),
    }
}

/// A gold answer that was read once and judges many predictions.
///
/// ```
/// let gold = rewards::MathGold::parse("$x = 3$").unwrap();
/// assert_eq!(gold.judge("3").value(), Some(1.0));
/// ```
#[derive(Clone, Debug)]
pub struct MathGold {
    gold: Extraction,
}

impl MathGold {
    /// Reads a gold answer.
    ///
    /// # Errors
    /// [`RewardError::BadGold`] when no answer can be found in it.
    ///
    /// ```
    /// assert!(rewards::MathGold::parse("").is_err());
    /// ```
    pub fn parse(gold: &str) -> Result<Self, RewardError> {
        if gold.len() > limits::MAX_TEXT {
            return Err(RewardError::bad_gold(gold, UnparsedKind::TooLarge));
        }
        let found = extract(gold);
        if found.value.is_none() && found.text.is_none() {
            return Err(RewardError::bad_gold(gold, UnparsedKind::NoAnswer));
        }
        Ok(Self { gold: found })
    }

    fn of(sample: &Sample) -> Result<Self, RewardError> {
        Self::parse(sample.gold_text()?)
    }

    /// 1 when the prediction gives this answer, else 0; unparsed when no answer can be read from it.
    ///
    /// ```
    /// use rewards::{MathGold, Outcome, UnparsedKind};
    /// let gold = MathGold::parse("4").unwrap();
    /// assert_eq!(gold.judge("no idea"), Outcome::Unparsed(UnparsedKind::NoAnswer));
    /// ```
    pub fn judge(&self, prediction: &str) -> Outcome {
        if prediction.len() > limits::MAX_TEXT {
            return Outcome::Unparsed(UnparsedKind::TooLarge);
        }
        let found = extract(prediction);
        let same_text = found.text.is_some() && found.text == self.gold.text;
        match (&self.gold.value, &found.value) {
            _ if same_text => Outcome::from(true),
            (_, None) if found.text.is_none() => Outcome::Unparsed(UnparsedKind::NoAnswer),
            (_, None) => Outcome::Unparsed(UnparsedKind::NotAnExpression),
            (Some(gold), Some(value)) => Outcome::from(equal::values(gold, value, &Budget::new())),
            (None, Some(_)) => Outcome::from(false),
        }
    }
}

/// Mathematical accuracy: r = 1 if the answer of the completion equals the gold answer, else 0.
///
/// ```
/// use rewards::{Group, MathAccuracy, RewardFn, Sample};
/// let group = Group::of_texts(Sample::text("?", "0.5"), [r"\boxed{\frac12}", r"\boxed{2}"]);
/// let values: Vec<_> = MathAccuracy.judge(&group).iter().map(|o| o.value()).collect();
/// assert_eq!(values, [Some(1.0), Some(0.0)]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MathAccuracy;

impl RewardFn for MathAccuracy {
    fn name(&self) -> &str {
        "math_accuracy"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        with_gold(group, MathGold::of, |gold| {
            group.completions().iter().map(|c| gold.judge(&c.text)).collect()
        })
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        MathGold::of(sample).map(drop)
    }

    fn role(&self) -> Role {
        Role::Correctness
    }
}
