//! Complex numbers, as much of them as answers need.

use super::expr::Function;

/// Exponents up to which a power is computed by multiplication.
const MAX_WHOLE_POWER: f64 = 4096.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Complex {
    pub(crate) re: f64,
    pub(crate) im: f64,
}

impl Complex {
    pub(crate) const ZERO: Self = Self::real(0.0);
    pub(crate) const ONE: Self = Self::real(1.0);

    pub(crate) const fn real(re: f64) -> Self {
        Self { re, im: 0.0 }
    }

    pub(crate) fn is_real(self) -> bool {
        self.im == 0.0
    }

    pub(crate) fn is_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }

    pub(crate) fn abs(self) -> f64 {
        self.re.hypot(self.im)
    }

    pub(crate) fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    pub(crate) fn sub(self, other: Self) -> Self {
        self.add(other.scale(-1.0))
    }

    pub(crate) fn scale(self, factor: f64) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }

    /// Real factors are kept real, so that −1·∞ has no undefined imaginary part.
    pub(crate) fn mul(self, other: Self) -> Self {
        match (self.is_real(), other.is_real()) {
            (true, true) => Self::real(self.re * other.re),
            (true, false) => other.scale(self.re),
            (false, true) => self.scale(other.re),
            (false, false) => Self {
                re: self.re * other.re - self.im * other.im,
                im: self.re * other.im + self.im * other.re,
            },
        }
    }

    pub(crate) fn recip(self) -> Option<Self> {
        let square = self.re * self.re + self.im * self.im;
        (square != 0.0 && square.is_finite()).then(|| Self { re: self.re / square, im: -self.im / square })
    }

    pub(crate) fn ln(self) -> Option<Self> {
        (self.abs() > 0.0).then(|| Self { re: self.abs().ln(), im: self.im.atan2(self.re) })
    }

    pub(crate) fn exp(self) -> Self {
        let size = self.re.exp();
        if self.is_real() {
            Self::real(size)
        } else {
            Self { re: size * self.im.cos(), im: size * self.im.sin() }
        }
    }

    /// The principal power zʷ = e^(w ln z).
    pub(crate) fn pow(self, exponent: Self) -> Option<Self> {
        if exponent.is_real() && exponent.re.fract() == 0.0 && exponent.re.abs() <= MAX_WHOLE_POWER {
            return self.whole_power(exponent.re as i32);
        }
        if self.is_real() && self.re >= 0.0 && exponent.is_real() {
            return Some(Self::real(self.re.powf(exponent.re)));
        }
        Some(self.ln()?.mul(exponent).exp())
    }

    fn whole_power(self, exponent: i32) -> Option<Self> {
        if self.is_real() {
            return (self.re != 0.0 || exponent > 0).then(|| Self::real(self.re.powi(exponent)));
        }
        let base = if exponent < 0 { self.recip()? } else { self };
        Some((0..exponent.unsigned_abs()).fold(Self::ONE, |product, _| product.mul(base)))
    }
}

/// A function of real arguments; |z|, eᶻ and log z also of complex ones.
pub(crate) fn call(function: Function, arguments: &[Complex]) -> Option<Complex> {
    let value = match (function, arguments) {
        (Function::Abs, [z]) => Complex::real(z.abs()),
        (Function::Exp, [z]) => z.exp(),
        (Function::Log, [z, base]) => z.ln()?.mul(base.ln()?.recip()?),
        (function, [z]) if z.is_real() => Complex::real(real_call(function, z.re)?),
        (Function::Min, all) if all.iter().all(|z| z.is_real()) => all.iter().copied().min_by(by_real)?,
        (Function::Max, all) if all.iter().all(|z| z.is_real()) => all.iter().copied().max_by(by_real)?,
        _ => return None,
    };
    value.is_finite().then_some(value)
}

fn by_real(a: &Complex, b: &Complex) -> std::cmp::Ordering {
    a.re.total_cmp(&b.re)
}

fn real_call(function: Function, x: f64) -> Option<f64> {
    Some(match function {
        Function::Sin => x.sin(),
        Function::Cos => x.cos(),
        Function::Tan => x.tan(),
        Function::Csc => x.sin().recip(),
        Function::Sec => x.cos().recip(),
        Function::Cot => x.tan().recip(),
        Function::Arcsin => x.asin(),
        Function::Arccos => x.acos(),
        Function::Arctan => x.atan(),
        Function::Sinh => x.sinh(),
        Function::Cosh => x.cosh(),
        Function::Tanh => x.tanh(),
        Function::Floor => x.floor(),
        Function::Ceil => x.ceil(),
        Function::Min | Function::Max => x,
        _ => return None,
    })
}
