//! What an answer can be once it is read.

use super::ratio::Ratio;

/// A number as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    /// The exact value, when it fits.
    pub(crate) exact: Option<Ratio>,
    /// The digits of a number too long for `exact`.
    pub(crate) digits: String,
    /// Whether it was written with a decimal point, and so stands for a rounded value.
    pub(crate) decimal: bool,
}

impl Number {
    /// Reads unsigned digits with at most one point; thousands commas are already gone.
    pub(crate) fn parse(text: &str) -> Self {
        let exact = Ratio::parse(text);
        let digits = if exact.is_some() { String::new() } else { text.to_owned() };
        Self { exact, digits, decimal: text.contains('.') }
    }

    pub(crate) fn ratio(value: Ratio) -> Self {
        Self { exact: Some(value), digits: String::new(), decimal: false }
    }

    pub(crate) fn integer(&self) -> Option<i128> {
        self.exact.filter(|_| !self.decimal).and_then(Ratio::as_integer)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Constant {
    Pi,
    E,
    I,
    Infinity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Sin,
    Cos,
    Tan,
    Csc,
    Sec,
    Cot,
    Arcsin,
    Arccos,
    Arctan,
    Sinh,
    Cosh,
    Tanh,
    Exp,
    /// Natural logarithm of the first argument, or to the base of the second.
    Log,
    Abs,
    Floor,
    Ceil,
    Factorial,
    Binomial,
    Min,
    Max,
    Gcd,
    Lcm,
}

/// An expression. Differences are sums with a factor −1, quotients are products with a power −1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Number(Number),
    Symbol(String),
    Constant(Constant),
    Sum(Vec<Expr>),
    Product(Vec<Expr>),
    Power(Box<(Expr, Expr)>),
    Call(Function, Vec<Expr>),
    Percent(Box<Expr>),
}

impl Expr {
    pub(crate) fn integer(value: i64) -> Self {
        Self::Number(Number::ratio(Ratio::integer(value)))
    }

    pub(crate) fn ratio(value: Ratio) -> Self {
        Self::Number(Number::ratio(value))
    }

    pub(crate) fn power(base: Self, exponent: Self) -> Self {
        Self::Power(Box::new((base, exponent)))
    }

    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Number(Number { exact: Some(value), decimal, digits }) => {
                Self::Number(Number { exact: Some(value.neg()), decimal, digits })
            }
            other => Self::product(Self::integer(-1), other),
        }
    }

    /// `left − right`, as the sum of `left` and the negative of `right`.
    pub(crate) fn minus(left: Self, right: Self) -> Self {
        Self::sum(left, right.negated())
    }

    pub(crate) fn sum(left: Self, right: Self) -> Self {
        Self::flat(left, right, |e| if let Self::Sum(v) = e { Ok(v) } else { Err(e) }, Self::Sum)
    }

    pub(crate) fn product(left: Self, right: Self) -> Self {
        Self::flat(left, right, |e| if let Self::Product(v) = e { Ok(v) } else { Err(e) }, Self::Product)
    }

    fn flat(
        left: Self,
        right: Self,
        parts: impl Fn(Self) -> Result<Vec<Self>, Self>,
        whole: impl Fn(Vec<Self>) -> Self,
    ) -> Self {
        let mut all = parts(left).unwrap_or_else(|single| vec![single]);
        all.extend(parts(right).unwrap_or_else(|single| vec![single]));
        whole(all)
    }

    /// `left / right`; two integers give a fraction.
    pub(crate) fn quotient(left: Self, right: Self) -> Self {
        if let (Self::Number(a), Self::Number(b)) = (&left, &right)
            && let (Some(a), Some(b)) = (a.integer(), b.integer())
            && let Some(ratio) = Ratio::new(a, b)
        {
            return Self::ratio(ratio);
        }
        Self::Product(vec![left, Self::power(right, Self::integer(-1))])
    }

    /// Whether only names occur in it, as on the left of an assignment.
    pub(crate) fn is_name(&self) -> bool {
        match self {
            Self::Symbol(_) => true,
            Self::Product(parts) => parts.iter().all(Self::is_name),
            Self::Power(pair) => pair.0.is_name() && pair.1 == Self::integer(-1),
            _ => false,
        }
    }

    /// The letters of a word that was written without `\text`: a product of names.
    pub(crate) fn spelled(&self) -> Option<String> {
        let letter = |part: &Self| match part {
            Self::Symbol(name) => Some(name.clone()),
            Self::Constant(Constant::E) => Some("e".to_owned()),
            _ => None,
        };
        match self {
            Self::Product(parts) => parts.iter().map(letter).collect(),
            single => letter(single),
        }
    }

    pub(crate) fn symbols(&self, found: &mut Vec<String>) {
        match self {
            Self::Symbol(name) if !found.contains(name) => found.push(name.clone()),
            Self::Sum(parts) | Self::Product(parts) | Self::Call(_, parts) => {
                parts.iter().for_each(|part| part.symbols(found));
            }
            Self::Power(pair) => {
                pair.0.symbols(found);
                pair.1.symbols(found);
            }
            Self::Percent(inner) => inner.symbols(found),
            Self::Number(_) | Self::Symbol(_) | Self::Constant(_) => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelOp {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl RelOp {
    /// The relation read from right to left.
    pub(crate) fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            same => same,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Open,
    Closed,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: Expr,
    pub(crate) high: Expr,
    pub(crate) low_end: End,
    pub(crate) high_end: End,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Expr(Expr),
    /// `a < b ≤ c`: the first term, then each relation with its right side.
    Relation(Box<Value>, Vec<(RelOp, Value)>),
    Set(Vec<Value>),
    Tuple(Vec<Value>),
    Interval(Box<Interval>),
    Union(Vec<Value>),
    Named(String),
    Matrix(Vec<Vec<Expr>>),
}
