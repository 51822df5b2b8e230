//! Numbers with units, compared with a tolerance.

use crate::reward::with_gold;
use crate::text::boxed::last_boxed;
use crate::text::number::first_decimal;
use crate::text::tags::last_block;
use crate::{Finite, Group, Outcome, RewardError, RewardFn, Role, Sample, UnparsedKind};

/// What a unit measures; only units of one dimension can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// In metres.
    Length,
    /// In kilograms.
    Mass,
    /// In seconds.
    Time,
    /// In square metres.
    Area,
    /// In cubic metres.
    Volume,
    /// In degrees.
    Angle,
    /// A share of one.
    Share,
}

use Dimension::{Angle, Area, Length, Mass, Share, Time, Volume};

/// Spellings of units, with dimension and size; the longest fitting spelling wins.
const UNITS: [(&str, Dimension, f64); 48] = [
    ("kilometres", Length, 1e3),
    ("kilometers", Length, 1e3),
    ("kilometre", Length, 1e3),
    ("kilometer", Length, 1e3),
    ("centimetres", Length, 0.01),
    ("centimeters", Length, 0.01),
    ("millimetres", Length, 1e-3),
    ("millimeters", Length, 1e-3),
    ("metres", Length, 1.0),
    ("meters", Length, 1.0),
    ("metre", Length, 1.0),
    ("meter", Length, 1.0),
    ("km^2", Area, 1e6),
    ("cm^2", Area, 1e-4),
    ("mm^2", Area, 1e-6),
    ("m^2", Area, 1.0),
    ("cm^3", Volume, 1e-6),
    ("m^3", Volume, 1.0),
    ("inches", Length, 0.0254),
    ("inch", Length, 0.0254),
    ("feet", Length, 0.3048),
    ("foot", Length, 0.3048),
    ("yards", Length, 0.9144),
    ("miles", Length, 1609.344),
    ("mile", Length, 1609.344),
    ("km", Length, 1e3),
    ("cm", Length, 0.01),
    ("mm", Length, 1e-3),
    ("ft", Length, 0.3048),
    ("in", Length, 0.0254),
    ("yd", Length, 0.9144),
    ("m", Length, 1.0),
    ("kg", Mass, 1.0),
    ("mg", Mass, 1e-6),
    ("g", Mass, 1e-3),
    ("lb", Mass, 0.453_592_37),
    ("litres", Volume, 1e-3),
    ("liters", Volume, 1e-3),
    ("hours", Time, 3600.0),
    ("hour", Time, 3600.0),
    ("minutes", Time, 60.0),
    ("min", Time, 60.0),
    ("seconds", Time, 1.0),
    ("s", Time, 1.0),
    ("h", Time, 3600.0),
    ("degrees", Angle, 1.0),
    ("°", Angle, 1.0),
    ("%", Share, 0.01),
];

/// A number with the unit written after it.
///
/// ```
/// use rewards::{Dimension, Quantity};
/// let quantity = Quantity::parse("about 2.5 km").unwrap();
/// assert_eq!((quantity.value, quantity.dimension), (2500.0, Some(Dimension::Length)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// The value in the base unit, or as written where there is no known unit.
    pub value: f64,
    /// What the unit measures.
    pub dimension: Option<Dimension>,
}

impl Quantity {
    /// Reads the first number and the unit after it; thousands commas are allowed.
    ///
    /// ```
    /// assert_eq!(rewards::Quantity::parse("1,250").unwrap().value, 1250.0);
    /// assert!(rewards::Quantity::parse("none").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let text = without_thousands_marks(text);
        let (number, end) = first_decimal(&text)?;
        let rest = text[end..].trim_start_matches(|c: char| c.is_whitespace() || c == '\\');
        let rest = rest.strip_prefix("text{").map_or(rest, str::trim_start);
        let fits = |unit: &&(&str, Dimension, f64)| {
            let after = rest.get(unit.0.len()..).unwrap_or("");
            rest.starts_with(unit.0) && !after.starts_with(|c: char| c.is_alphanumeric() || c == '^')
        };
        let unit = UNITS.iter().find(fits);
        let value = number * unit.map_or(1.0, |unit| unit.2);
        value.is_finite().then_some(Self { value, dimension: unit.map(|unit| unit.1) })
    }
}

/// The text without commas between groups of three digits.
fn without_thousands_marks(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mark = |at: usize| {
        bytes[at] == b',' && at > 0 && digit(at - 1) && (1..=3).all(|i| digit(at + i)) && !digit(at + 4)
    };
    text.char_indices().filter(|(at, _)| !mark(*at)).map(|(_, c)| c).collect()
}

/// How far a number may be off: |p − g| ≤ absolute + relative·|g|.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// In the unit of the gold answer's base unit.
    pub absolute: Finite,
    /// As a share of the gold answer.
    pub relative: Finite,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { absolute: Finite::constant(1e-9), relative: Finite::constant(1e-6) }
    }
}

impl Tolerance {
    /// Whether a number is near enough.
    ///
    /// ```
    /// assert!(rewards::Tolerance::default().accepts(2.0, 2.0 + 1e-9));
    /// ```
    pub fn accepts(&self, predicted: f64, gold: f64) -> bool {
        (predicted - gold).abs() <= self.absolute.get() + self.relative.get() * gold.abs()
    }
}

/// Numeric accuracy: r = 1 if the number of the answer, in the gold answer's dimension, is within the tolerance.
///
/// The answer is the last box, else the last answer block, else the whole text. A unit missing on one side is taken to
/// be the other's; units of two dimensions are never equal.
///
/// ```
/// use rewards::{Group, NumericAccuracy, RewardFn, Sample};
/// let group = Group::of_texts(Sample::text("?", "2 m"), ["200 cm", "2 kg", r"\boxed{2}"]);
/// let values: Vec<_> = NumericAccuracy::default().judge(&group).iter().map(|o| o.value()).collect();
/// assert_eq!(values, [Some(1.0), Some(0.0), Some(1.0)]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct NumericAccuracy {
    tolerance: Tolerance,
}

impl NumericAccuracy {
    /// Accuracy within a tolerance.
    ///
    /// ```
    /// use rewards::{NumericAccuracy, RewardFn, Tolerance};
    /// assert_eq!(NumericAccuracy::new(Tolerance::default()).name(), "numeric_accuracy");
    /// ```
    pub const fn new(tolerance: Tolerance) -> Self {
        Self { tolerance }
    }

    fn score(&self, text: &str, gold_text: &str, gold: Quantity) -> Outcome {
        let answer = last_boxed(text).or_else(|| last_block(text, "answer")).unwrap_or(text);
        let Some(predicted) = Quantity::parse(answer) else {
            return Outcome::Unparsed(UnparsedKind::NoNumber);
        };
        let accepts = |p: f64, g: f64| Outcome::from(self.tolerance.accepts(p, g));
        let bare =
            |text: &str| first_decimal(&without_thousands_marks(text)).map_or(f64::NAN, |(value, _)| value);
        match (predicted.dimension, gold.dimension) {
            (Some(a), Some(b)) if a != b => Outcome::from(false),
            (Some(_), None) | (None, Some(_)) => accepts(bare(answer), bare(gold_text)),
            _ => accepts(predicted.value, gold.value),
        }
    }
}

/// The gold text with the quantity it says.
fn gold(sample: &Sample) -> Result<(&str, Quantity), RewardError> {
    let text = sample.gold_text()?;
    let quantity =
        Quantity::parse(text).ok_or_else(|| RewardError::bad_gold(text, UnparsedKind::NoNumber))?;
    Ok((text, quantity))
}

impl RewardFn for NumericAccuracy {
    fn name(&self) -> &str {
        "numeric_accuracy"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        with_gold(group, gold, |(text, gold)| {
            group.completions().iter().map(|c| self.score(&c.text, text, gold)).collect()
        })
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        gold(sample).map(drop)
    }

    fn role(&self) -> Role {
        Role::Correctness
    }
}
