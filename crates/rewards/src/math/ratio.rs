//! Exact fractions in 128 bits; anything that does not fit is `None`, never a rounded number.

use std::cmp::Ordering;

/// A fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ratio {
    num: i128,
    den: i128,
}

impl Ratio {
    pub(crate) const ZERO: Self = Self { num: 0, den: 1 };

    pub(crate) fn new(num: i128, den: i128) -> Option<Self> {
        if den == 0 || num == i128::MIN || den == i128::MIN {
            return None;
        }
        let divisor = gcd(num.unsigned_abs(), den.unsigned_abs()).max(1);
        let sign = if den < 0 { -1 } else { 1 };
        let divisor = i128::try_from(divisor).ok()?;
        Some(Self { num: sign * num / divisor, den: sign * den / divisor })
    }

    pub(crate) const fn integer(value: i64) -> Self {
        Self { num: value as i128, den: 1 }
    }

    /// Reads digits with at most one point, such as `12`, `.5` or `3.`; no sign.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let mut num: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            if !digit.is_ascii_digit() {
                return None;
            }
            num = num.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        let scale = u32::try_from(fraction.len()).ok()?;
        Self::new(num, 10i128.checked_pow(scale)?)
    }

    pub(crate) fn num(self) -> i128 {
        self.num
    }

    pub(crate) fn den(self) -> i128 {
        self.den
    }

    pub(crate) fn as_integer(self) -> Option<i128> {
        (self.den == 1).then_some(self.num)
    }

    pub(crate) fn is_negative(self) -> bool {
        self.num < 0
    }

    pub(crate) fn to_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }

    pub(crate) fn add(self, other: Self) -> Option<Self> {
        let left = self.num.checked_mul(other.den)?;
        let right = other.num.checked_mul(self.den)?;
        Self::new(left.checked_add(right)?, self.den.checked_mul(other.den)?)
    }

    pub(crate) fn neg(self) -> Self {
        Self { num: -self.num, den: self.den }
    }

    pub(crate) fn mul(self, other: Self) -> Option<Self> {
        let a = Self::new(self.num, other.den)?;
        let b = Self::new(other.num, self.den)?;
        Self::new(a.num.checked_mul(b.num)?, a.den.checked_mul(b.den)?)
    }

    pub(crate) fn recip(self) -> Option<Self> {
        Self::new(self.den, self.num)
    }

    pub(crate) fn pow(self, exponent: i128) -> Option<Self> {
        let size = u32::try_from(exponent.unsigned_abs()).ok()?;
        let base = if exponent < 0 { self.recip()? } else { self };
        Self::new(base.num.checked_pow(size)?, base.den.checked_pow(size)?)
    }

    pub(crate) fn abs(self) -> Self {
        Self { num: self.num.abs(), den: self.den }
    }

    /// The largest integer that is not larger.
    pub(crate) fn floor(self) -> i128 {
        self.num.div_euclid(self.den)
    }

    /// This number times 10⁶, rounded to an integer, ties to even.
    pub(crate) fn micros(self) -> Option<i128> {
        let scaled = self.mul(Self::integer(1_000_000))?;
        let (floor, rest) = (scaled.floor(), scaled.num.rem_euclid(scaled.den));
        let up = match rest.checked_mul(2)?.cmp(&scaled.den) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => floor % 2 != 0,
        };
        Some(floor + i128::from(up))
    }

    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        Some(self.num.checked_mul(other.den)?.cmp(&other.num.checked_mul(self.den)?))
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
