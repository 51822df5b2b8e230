//! What a reward says about one completion.

use crate::RewardError;

/// A finite number: NaN and infinities cannot be expressed, so no later statistic has to look for them.
///
/// ```
/// use rewards::Finite;
/// assert_eq!(Finite::new(0.5).map(Finite::get), Some(0.5));
/// assert!(Finite::new(f64::NAN).is_none());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Finite(f64);

impl Finite {
    /// Zero.
    pub const ZERO: Self = Self(0.0);
    /// One.
    pub const ONE: Self = Self(1.0);

    /// The number, or `None` when it is NaN or infinite.
    ///
    /// ```
    /// assert!(rewards::Finite::new(f64::INFINITY).is_none());
    /// ```
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// The number inside.
    ///
    /// ```
    /// assert_eq!(rewards::Finite::ONE.get(), 1.0);
    /// ```
    pub const fn get(self) -> f64 {
        self.0
    }

    pub(crate) const fn constant(value: f64) -> Self {
        assert!(value.is_finite());
        Self(value)
    }
}

impl From<bool> for Finite {
    fn from(yes: bool) -> Self {
        if yes { Self::ONE } else { Self::ZERO }
    }
}

/// Why a text could not be read. A wrong answer that *can* be read is a value, not one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UnparsedKind {
    /// No answer was found by the extraction rule in use.
    NoAnswer,
    /// The text holds no complete `\boxed{…}`.
    NoBox,
    /// A number was expected and none was found.
    NoNumber,
    /// An option letter was expected and none was found.
    NoLetter,
    /// Reasoning was expected between think tags and none was found.
    NoReasoning,
    /// The answer is not the JSON list of boxes and points that was asked for.
    NoBoxes,
    /// The answer was found, but it is not an expression that the parser knows.
    NotAnExpression,
    /// Two numbers stand side by side, which may be a sum, a product or a thousands mark.
    Ambiguous,
    /// The text is longer, or nested deeper, than a judge is willing to look at.
    TooLarge,
}

impl std::fmt::Display for UnparsedKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoAnswer => "no answer",
            Self::NoBox => "no boxed answer",
            Self::NoNumber => "no number",
            Self::NoLetter => "no option letter",
            Self::NoReasoning => "no reasoning",
            Self::NoBoxes => "no list of boxes",
            Self::NotAnExpression => "not an expression",
            Self::Ambiguous => "numbers side by side",
            Self::TooLarge => "too large",
        })
    }
}

/// The verdict of one reward on one completion.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The completion was judged.
    Value(Finite),
    /// This reward has nothing to say about this sample; it is left out of the total.
    NotApplicable,
    /// The completion could not be read; it scores [`RewardFn::unparsed_score`](crate::RewardFn::unparsed_score).
    Unparsed(UnparsedKind),
    /// The reward itself failed; it is counted, and left out of the total unless [`RewardError::score`] has a value.
    Failed(RewardError),
}

impl Outcome {
    /// A value, or [`RewardError::NonFinite`] when the number is NaN or infinite.
    ///
    /// ```
    /// use rewards::{Outcome, RewardError};
    /// assert!(matches!(Outcome::from_f64(f64::NAN), Outcome::Failed(RewardError::NonFinite { .. })));
    /// ```
    pub fn from_f64(value: f64) -> Self {
        match Finite::new(value) {
            Some(finite) => Self::Value(finite),
            None => Self::Failed(RewardError::NonFinite { found: value.to_string() }),
        }
    }

    /// The value, when there is one.
    ///
    /// ```
    /// assert_eq!(rewards::Outcome::NotApplicable.value(), None);
    /// ```
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Value(finite) => Some(finite.get()),
            _ => None,
        }
    }
}

/// 1 for true, 0 for false.
impl From<bool> for Outcome {
    fn from(yes: bool) -> Self {
        Self::Value(yes.into())
    }
}
