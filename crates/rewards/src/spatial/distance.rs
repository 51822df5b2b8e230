//! Rewards for distances.

use crate::reward::with_gold;
use crate::text::number::first_decimal;
use crate::{Finite, Group, Outcome, RewardError, RewardFn, Sample, UnparsedKind};

/// The score of a wrong distance, and of no distance at all.
const WRONG: f64 = -0.5;

/// Room at the edge of a band, so that 2.10 against 2.00 is 5 % off and not a rounding error more.
const SLACK: f64 = 1e-9;

const BANDS: [(f64, f64); 3] = [(0.05, 1.0), (0.25, 0.5), (0.5, 0.2)];

/// Names of units with their length in metres, the longest spelling first.
const UNITS: [(&str, f64); 14] = [
    ("metres", 1.0),
    ("meters", 1.0),
    ("inches", 0.0254),
    ("metre", 1.0),
    ("meter", 1.0),
    ("inch", 0.0254),
    ("feet", 0.3048),
    ("foot", 0.3048),
    ("cm", 0.01),
    ("mm", 0.001),
    ("ft", 0.3048),
    ("in", 0.0254),
    ("km", 1000.0),
    ("m", 1.0),
];

/// A number with the unit written after it.
#[derive(Clone, Copy)]
pub(super) struct Length {
    value: f64,
    unit: Option<f64>,
}

impl Length {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (value, end) = first_decimal(text)?;
        let rest = text[end..].trim_start();
        let word = &rest[..rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())];
        let unit = UNITS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, metres)| *metres);
        Some(Self { value, unit })
    }
}

/// Error e = |p − g| / g: 1 up to 5 %, 0.5 up to 25 %, 0.2 up to 50 %, −0.5 beyond; −0.5 when g ≤ 0.
///
/// ```
/// assert_eq!(rewards::distance_score(2.1, 2.0), 1.0);
/// assert_eq!(rewards::distance_score(5.0, 2.0), -0.5);
/// ```
pub fn distance_score(predicted: f64, gold: f64) -> f64 {
    if !predicted.is_finite() || !gold.is_finite() || gold <= 0.0 {
        return WRONG;
    }
    let error = (predicted - gold).abs() / gold;
    BANDS.iter().find(|(edge, _)| error <= edge + SLACK).map_or(WRONG, |(_, score)| *score)
}

/// Distance: the first number with an optional unit, against that of the gold answer; a completion without a unit is
/// taken in the gold answer's.
///
/// ```
/// use rewards::{DistanceReward, Group, RewardFn, Sample};
/// let group = Group::of_texts(Sample::text("How far?", "2.00 metres"), ["210 cm", "3"]);
/// let values: Vec<_> = DistanceReward.judge(&group).iter().map(|o| o.value()).collect();
/// assert_eq!(values, [Some(1.0), Some(0.2)]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct DistanceReward;

impl DistanceReward {
    pub(super) fn score(text: &str, gold: Length) -> Outcome {
        let Some(predicted) = Length::parse(text) else { return Outcome::Unparsed(UnparsedKind::NoNumber) };
        let gold_unit = gold.unit.or(predicted.unit).unwrap_or(1.0);
        let unit = predicted.unit.unwrap_or(gold_unit);
        Outcome::from_f64(distance_score(predicted.value * unit, gold.value * gold_unit))
    }

    pub(super) fn gold(text: &str) -> Result<Length, RewardError> {
        Length::parse(text).ok_or_else(|| RewardError::bad_gold(text, UnparsedKind::NoNumber))
    }
}

impl RewardFn for DistanceReward {
    fn name(&self) -> &str {
        "distance"
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
