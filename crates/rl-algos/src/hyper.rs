//! Hyper-parameters that cannot hold a value their formula does not accept.

use serde::{Deserialize, Serialize};

use crate::error::{AlgoError, in_range};

/// A finite number above zero: a coefficient, a temperature, a cap or a stabiliser.
///
/// ```
/// use rl_algos::Positive;
/// assert_eq!(Positive::new(0.1)?.get(), 0.1);
/// assert!(Positive::new(0.0).is_err() && Positive::new(f64::NAN).is_err());
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Positive(f64);

impl Positive {
    /// One.
    pub const ONE: Self = Self(1.0);

    /// Accepts 0 < `value` < ∞.
    pub fn new(value: f64) -> Result<Self, AlgoError> {
        in_range("positive number", value, "a finite number above 0", |v| v.is_finite() && v > 0.0).map(Self)
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// For constants of this crate, which are positive by inspection.
    pub(crate) const fn constant(value: f64) -> Self {
        Self(value)
    }
}

impl TryFrom<f64> for Positive {
    type Error = AlgoError;

    fn try_from(value: f64) -> Result<Self, AlgoError> {
        Self::new(value)
    }
}

impl From<Positive> for f64 {
    fn from(value: Positive) -> Self {
        value.get()
    }
}

/// A number from 0 to 1, both included: a discount, a smoothing, a share.
///
/// ```
/// use rl_algos::Fraction;
/// assert_eq!(Fraction::new(1.0)?, Fraction::ONE);
/// assert!(Fraction::new(1.1).is_err());
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Fraction(f64);

impl Fraction {
    /// Nothing.
    pub const ZERO: Self = Self(0.0);
    /// All of it.
    pub const ONE: Self = Self(1.0);

    /// Accepts 0 ≤ `value` ≤ 1.
    pub fn new(value: f64) -> Result<Self, AlgoError> {
        in_range("fraction", value, "a number from 0 to 1", |v| (0.0..=1.0).contains(&v)).map(Self)
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Fraction {
    type Error = AlgoError;

    fn try_from(value: f64) -> Result<Self, AlgoError> {
        Self::new(value)
    }
}

impl From<Fraction> for f64 {
    fn from(value: Fraction) -> Self {
        value.get()
    }
}

/// The band [1 − ε_low, 1 + ε_high] in which a ratio between new and old policy moves freely.
///
/// ```
/// use rl_algos::ClipBand;
/// let dapo = ClipBand::new(0.2, 0.28)?;
/// assert_eq!((dapo.low(), dapo.high()), (0.2, 0.28));
/// assert!(ClipBand::new(1.5, 0.2).is_err(), "a ratio below 0 does not exist");
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Widths")]
pub struct ClipBand {
    low: f64,
    high: f64,
}

impl ClipBand {
    /// PPO, GRPO: 0.2 on both sides.
    pub const PPO: Self = Self { low: 0.2, high: 0.2 };
    /// DAPO's "clip higher": 0.2 below, 0.28 above.
    pub const DAPO: Self = Self { low: 0.2, high: 0.28 };
    /// GSPO's sequence ratios: 3e-4 below, 4e-4 above.
    pub const GSPO: Self = Self { low: 3e-4, high: 4e-4 };
    /// GMPO's band in log space: 0.4 on both sides.
    pub const GMPO: Self = Self { low: 0.4, high: 0.4 };

    /// Accepts widths 0 ≤ ε_low ≤ 1 and 0 ≤ ε_high < ∞.
    pub fn new(low: f64, high: f64) -> Result<Self, AlgoError> {
        let low =
            in_range("epsilon (lower width)", low, "a number from 0 to 1", |v| (0.0..=1.0).contains(&v))?;
        let high = in_range("epsilon_high (upper width)", high, "a finite number from 0", |v| {
            v.is_finite() && v >= 0.0
        })?;
        Ok(Self { low, high })
    }

    /// The same width on both sides.
    pub fn symmetric(width: f64) -> Result<Self, AlgoError> {
        Self::new(width, width)
    }

    /// The lower width ε_low.
    pub const fn low(self) -> f64 {
        self.low
    }

    /// The upper width ε_high.
    pub const fn high(self) -> f64 {
        self.high
    }

    /// The smallest ratio inside, 1 − ε_low.
    pub const fn floor(self) -> f64 {
        1.0 - self.low
    }

    /// The largest ratio inside, 1 + ε_high.
    pub const fn ceiling(self) -> f64 {
        1.0 + self.high
    }
}

/// A band as it stands in a file, before it is checked.
#[derive(Deserialize)]
struct Widths {
    low: f64,
    high: f64,
}

impl TryFrom<Widths> for ClipBand {
    type Error = AlgoError;

    fn try_from(widths: Widths) -> Result<Self, AlgoError> {
        Self::new(widths.low, widths.high)
    }
}
