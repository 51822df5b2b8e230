//! Three ways to evaluate an expression, from the most to the least exact:
//! as a fraction, as a residue, as a complex number.
//!
//! The residue makes equality of rational functions decidable without big numbers: two different rational functions
//! of degree d agree at a random point modulo the prime p = 2⁶¹ − 1 with probability at most d/p (Schwartz 1980,
//! Zippel 1979), and `2^{1000000000}` costs sixty multiplications.

use std::cell::Cell;

use super::complex::Complex;
use super::expr::{Constant, Expr, Function, Number};
use super::limits;
use super::ratio::Ratio;

/// The Mersenne prime 2⁶¹ − 1.
const PRIME: u64 = (1 << 61) - 1;

/// Arguments of factorials and binomials that are multiplied out.
const MAX_FACTORIAL: i128 = 2000;

/// The steps left to one comparison.
pub(crate) struct Budget(Cell<usize>);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(Cell::new(limits::MAX_STEPS))
    }

    /// Takes one step; `None` when there is none left.
    pub(crate) fn step(&self) -> Option<()> {
        self.0.set(self.0.get().checked_sub(1)?);
        Some(())
    }
}

/// The exact value of an expression without names, when it is a fraction of moderate size.
pub(crate) fn exact(expr: &Expr, budget: &Budget) -> Option<Ratio> {
    budget.step()?;
    match expr {
        Expr::Number(number) => number.exact,
        Expr::Sum(parts) => parts.iter().try_fold(Ratio::ZERO, |total, part| total.add(exact(part, budget)?)),
        Expr::Product(parts) => {
            parts.iter().try_fold(Ratio::integer(1), |total, part| total.mul(exact(part, budget)?))
        }
        Expr::Power(pair) => exact(&pair.0, budget)?.pow(exact(&pair.1, budget)?.as_integer()?),
        Expr::Percent(inner) => exact(inner, budget)?.mul(Ratio::new(1, 100)?),
        Expr::Call(function, arguments) => {
            let values: Option<Vec<Ratio>> =
                arguments.iter().map(|argument| exact(argument, budget)).collect();
            exact_call(*function, &values?, budget)
        }
        Expr::Symbol(_) | Expr::Constant(_) => None,
    }
}

fn exact_call(function: Function, values: &[Ratio], budget: &Budget) -> Option<Ratio> {
    let integer = |value: i128| Ratio::new(value, 1);
    let larger = |a: &Ratio, b: &Ratio| a.compare(*b).unwrap_or(std::cmp::Ordering::Equal);
    match (function, values) {
        (Function::Abs, [x]) => Some(x.abs()),
        (Function::Floor, [x]) => integer(x.floor()),
        (Function::Ceil, [x]) => integer(-x.neg().floor()),
        (Function::Min, all) => all.iter().copied().min_by(larger),
        (Function::Max, all) => all.iter().copied().max_by(larger),
        (Function::Factorial, [n]) => {
            let n = n.as_integer().filter(|n| (0..=33).contains(n))?;
            (1..=n).try_fold(Ratio::integer(1), |total, factor| total.mul(integer(factor)?))
        }
        (Function::Binomial, [n, k]) => binomial(n.as_integer()?, k.as_integer()?, budget),
        (Function::Gcd | Function::Lcm, [a, b]) => divisor(function, a.as_integer()?, b.as_integer()?),
        _ => None,
    }
}

fn binomial(n: i128, k: i128, budget: &Budget) -> Option<Ratio> {
    if n < 0 || k < 0 || k > n {
        return (n >= 0).then_some(Ratio::ZERO);
    }
    let k = k.min(n - k);
    if k > MAX_FACTORIAL {
        return None;
    }
    (1..=k).try_fold(Ratio::integer(1), |total, i| {
        budget.step()?;
        total.mul(Ratio::new(n - k + i, i)?)
    })
}

fn divisor(function: Function, a: i128, b: i128) -> Option<Ratio> {
    // In lowest terms a/b loses exactly the common divisor.
    let reduced = Ratio::new(a, b)?;
    let common = if reduced.num() == 0 { b } else { a / reduced.num() };
    let value = if function == Function::Gcd { common } else { a.checked_mul(b / common)? };
    Ratio::new(value.abs(), 1)
}

/// The value modulo 2⁶¹ − 1 with names replaced by pseudo-random residues; `None` unless it is a rational function.
pub(crate) fn residue(expr: &Expr, seed: u64, budget: &Budget) -> Option<u64> {
    budget.step()?;
    match expr {
        Expr::Number(number) => number_residue(number),
        Expr::Symbol(name) => Some(hash(name, seed) % PRIME),
        Expr::Sum(parts) => {
            parts.iter().try_fold(0, |total, part| Some((total + residue(part, seed, budget)?) % PRIME))
        }
        Expr::Product(parts) => {
            parts.iter().try_fold(1, |total, part| Some(times(total, residue(part, seed, budget)?)))
        }
        Expr::Power(pair) => {
            power_residue(residue(&pair.0, seed, budget)?, exact(&pair.1, budget)?.as_integer()?)
        }
        Expr::Percent(inner) => Some(times(residue(inner, seed, budget)?, inverse(100)?)),
        Expr::Call(Function::Factorial, arguments) => {
            factorial_residue(exact(arguments.first()?, budget)?, budget)
        }
        Expr::Constant(_) | Expr::Call(..) => None,
    }
}

fn number_residue(number: &Number) -> Option<u64> {
    if let Some(ratio) = number.exact {
        let modulo = |value: i128| value.rem_euclid(i128::from(PRIME)) as u64;
        return Some(times(modulo(ratio.num()), inverse(modulo(ratio.den()))?));
    }
    let (whole, fraction) = number.digits.split_once('.').unwrap_or((&number.digits, ""));
    let digits = whole.bytes().chain(fraction.bytes());
    let value = digits.fold(0u64, |total, digit| (times(total, 10) + u64::from(digit - b'0')) % PRIME);
    Some(times(value, inverse(power(10, fraction.len() as u64))?))
}

fn power_residue(base: u64, exponent: i128) -> Option<u64> {
    if base == 0 && exponent <= 0 {
        return None;
    }
    let size = exponent.unsigned_abs() % u128::from(PRIME - 1);
    // A multiple of p − 1 must not become the exponent 0 of a zero base.
    let raised = if base == 0 { 0 } else { power(base, size as u64) };
    if exponent < 0 { inverse(raised) } else { Some(raised) }
}

fn factorial_residue(n: Ratio, budget: &Budget) -> Option<u64> {
    let n = n.as_integer().filter(|n| (0..=MAX_FACTORIAL).contains(n))?;
    (1..=n as u64).try_fold(1, |total, factor| {
        budget.step()?;
        Some(times(total, factor))
    })
}

fn times(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(PRIME)) as u64
}

fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    result
}

fn inverse(value: u64) -> Option<u64> {
    (value != 0).then(|| power(value, PRIME - 2))
}

/// FNV-1a over the name, mixed with the seed.
fn hash(name: &str, seed: u64) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let fnv = name.bytes().fold(start, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (fnv ^ (fnv >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 27)
}

/// A complex value with the size of the largest intermediate term, which says how much may have cancelled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Approx {
    pub(crate) value: Complex,
    pub(crate) size: f64,
}

/// The value in floating point with names replaced by pseudo-random reals between −3 and 3.
pub(crate) fn approx(expr: &Expr, seed: u64, budget: &Budget) -> Option<Approx> {
    budget.step()?;
    match expr {
        Expr::Number(number) => plain(Complex::real(number_approx(number)?)),
        Expr::Symbol(name) => plain(Complex::real(point(name, seed))),
        Expr::Constant(constant) => plain(match constant {
            Constant::Pi => Complex::real(std::f64::consts::PI),
            Constant::E => Complex::real(std::f64::consts::E),
            Constant::I => Complex { re: 0.0, im: 1.0 },
            Constant::Infinity => Complex::real(f64::INFINITY),
        }),
        Expr::Sum(parts) => fold(parts, seed, budget, Complex::ZERO, |a, b| (Complex::add(a, b), f64::max)),
        Expr::Product(parts) => {
            fold(parts, seed, budget, Complex::ONE, |a, b| (Complex::mul(a, b), |x, y| x * y))
        }
        Expr::Power(pair) => {
            let (base, exponent) = (approx(&pair.0, seed, budget)?, approx(&pair.1, seed, budget)?);
            let value = base.value.pow(exponent.value)?;
            // A base that is the small rest of a cancellation carries its error into the power.
            let lost = base.size / base.value.abs().max(f64::MIN_POSITIVE);
            Some(Approx { value, size: value.abs() * lost.max(1.0) })
        }
        Expr::Percent(inner) => plain(approx(inner, seed, budget)?.value.scale(0.01)),
        Expr::Call(function, arguments) => {
            if let Some(value) = exact(expr, budget) {
                return plain(Complex::real(value.to_f64()));
            }
            let values: Option<Vec<Complex>> =
                arguments.iter().map(|argument| approx(argument, seed, budget).map(|a| a.value)).collect();
            plain(super::complex::call(*function, &values?)?)
        }
    }
}

fn plain(value: Complex) -> Option<Approx> {
    Some(Approx { value, size: value.abs() })
}

type Combine = fn(f64, f64) -> f64;

fn fold(
    parts: &[Expr],
    seed: u64,
    budget: &Budget,
    start: Complex,
    combine: impl Fn(Complex, Complex) -> (Complex, Combine),
) -> Option<Approx> {
    let mut total = Approx { value: start, size: start.abs() };
    for part in parts {
        let next = approx(part, seed, budget)?;
        let (value, sizes) = combine(total.value, next.value);
        total = Approx { value, size: sizes(total.size, next.size) };
    }
    Some(total)
}

fn number_approx(number: &Number) -> Option<f64> {
    number
        .exact
        .map(Ratio::to_f64)
        .or_else(|| number.digits.parse().ok())
        .filter(|value: &f64| value.is_finite())
}

/// Positive for even seeds, negative for odd ones, so that √(x²) is told from x.
fn point(name: &str, seed: u64) -> f64 {
    let unit = (hash(name, seed) >> 11) as f64 / (1u64 << 53) as f64;
    let size = 0.3 + 2.4 * unit;
    if seed.is_multiple_of(2) { size } else { -size }
}
