//! Numbers that cannot leave their range.

use super::{At, Setting};
use crate::error::RecipeError;
use crate::yaml::Content;

/// A whole number from 1 to 2³¹ − 1.
///
/// ```
/// assert_eq!(recipe::Count::new(8).map(recipe::Count::get), Some(8));
/// assert_eq!(recipe::Count::new(0), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(u32);

impl Count {
    /// One.
    pub const ONE: Self = Self(1);

    /// Accepts 1 ≤ `value` < 2³¹.
    pub const fn new(value: u32) -> Option<Self> {
        if value == 0 || value > i32::MAX.unsigned_abs() { None } else { Some(Self(value)) }
    }

    /// The number.
    pub const fn get(self) -> usize {
        self.0 as usize
    }

    /// For defaults, which are counts by inspection.
    pub(crate) const fn constant(value: u32) -> Self {
        Self(value)
    }
}

/// Reads an integer, or says that there is none.
fn integer(at: &At<'_>, expected: &str) -> Result<i128, RecipeError> {
    match at.node.content {
        Content::Integer(value) => Ok(value),
        _ => Err(at.wrong_type(expected)),
    }
}

/// Reads a number, or says that there is none. Integers serve as numbers.
fn number(at: &At<'_>, expected: &str) -> Result<f64, RecipeError> {
    match at.node.content {
        Content::Integer(value) => Ok(value as f64),
        Content::Float(value) => Ok(value),
        _ => Err(at.wrong_type(expected)),
    }
}

impl Setting for Count {
    fn accepts() -> String {
        "a whole number from 1".into()
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        let value = integer(at, &Self::accepts())?;
        let count = u32::try_from(value).ok().and_then(Self::new);
        count.ok_or_else(|| at.out_of_range("a whole number from 1 to 2147483647"))
    }

    fn write(&self) -> Content {
        Content::Integer(self.0.into())
    }
}

macro_rules! whole_numbers {
    ($($type:ty),+) => {$(
        impl Setting for $type {
            fn accepts() -> String {
                "a whole number from 0".into()
            }

            fn read(at: &At<'_>) -> Result<Self, RecipeError> {
                let value = integer(at, &Self::accepts())?;
                let expected = || at.out_of_range(format!("a whole number from 0 to {}", Self::MAX));
                Self::try_from(value).map_err(|_| expected())
            }

            fn write(&self) -> Content {
                Content::Integer((*self).into())
            }
        }
    )+};
}

whole_numbers!(u32, u64);

impl Setting for f64 {
    fn accepts() -> String {
        "a finite number".into()
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        number(at, &Self::accepts())
    }

    fn write(&self) -> Content {
        Content::Float(*self)
    }
}

macro_rules! ranges {
    ($($(#[doc = $doc:literal])+ $Name:ident = $accepts:literal, $holds:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
        pub struct $Name(f64);

        impl $Name {
            #[doc = concat!("Accepts ", $accepts, ".")]
            pub fn new(value: f64) -> Option<Self> {
                let holds: fn(f64) -> bool = $holds;
                (value.is_finite() && holds(value)).then_some(Self::constant(value))
            }

            /// The number.
            pub const fn get(self) -> f64 {
                self.0
            }

            /// For defaults, which are in range by inspection.
            pub(crate) const fn constant(value: f64) -> Self {
                Self(value)
            }
        }

        impl Setting for $Name {
            fn accepts() -> String {
                $accepts.into()
            }

            fn read(at: &At<'_>) -> Result<Self, RecipeError> {
                let value = number(at, $accepts)?;
                Self::new(value).ok_or_else(|| at.out_of_range($accepts))
            }

            fn write(&self) -> Content {
                Content::Float(self.0)
            }
        }
    )+};
}

ranges! {
    /// A finite number above 0.
    Positive = "a finite number above 0", |value| value > 0.0;
    /// A finite number from 0.
    NonNegative = "a finite number from 0", |value| value >= 0.0;
    /// A number from 0 to 1, both included.
    Fraction = "a number from 0 to 1", |value| (0.0..=1.0).contains(&value);
    /// A number from 0 to below 1.
    Share = "a number from 0 to below 1", |value| (0.0..1.0).contains(&value);
    /// A number above 0 and at most 1.
    Nucleus = "a number above 0 and at most 1", |value| value > 0.0 && value <= 1.0;
    /// A number above 0 and below 1.
    Part = "a number above 0 and below 1", |value| value > 0.0 && value < 1.0;
    /// A number from 0 to below ½: the share of labels that are wrong.
    Smoothing = "a number from 0 to below 0.5", |value| (0.0..0.5).contains(&value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_within_their_ranges() {
        assert!(Positive::new(f64::MIN_POSITIVE).is_some());
        assert!([0.0, -1.0, f64::NAN, f64::INFINITY].iter().all(|&value| Positive::new(value).is_none()));
        assert!(NonNegative::new(0.0).is_some() && NonNegative::new(-1e-9).is_none());
        assert!(Fraction::new(1.0).is_some() && Share::new(1.0).is_none() && Nucleus::new(0.0).is_none());
        assert!(Count::new(u32::MAX).is_none());
    }
}
