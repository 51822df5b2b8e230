//! When are two answers the same?

use std::cmp::Ordering;

use super::eval::{Approx, Budget, approx, exact, residue};
use super::expr::{End, Expr, Interval, RelOp, Value};
use super::ratio::Ratio;

/// Points at which expressions with names are compared.
const POINTS: u64 = 4;

/// Relative difference below which two floating-point values count as equal.
const TOLERANCE: f64 = 1e-11;

/// Error of one floating-point operation, with room for a few hundred of them.
const ROUNDING: f64 = 1e-13;

/// Whether two expressions are equal for all values of their names.
pub(crate) fn exprs(a: &Expr, b: &Expr, budget: &Budget) -> bool {
    if a == b || same_word(a, b) || same_percent(a, b) {
        return true;
    }
    if (is_rounded(a) || is_rounded(b))
        && let (Some(x), Some(y)) = (micros(a, budget), micros(b, budget))
    {
        return x == y;
    }
    if let (Some(x), Some(y)) = (exact(a, budget), exact(b, budget)) {
        return x == y;
    }
    same_residues(a, b, budget).unwrap_or_else(|| same_values(a, b, budget))
}

/// `\text{left}` and `left`: one is a name, the other may be the product of its letters.
fn same_word(a: &Expr, b: &Expr) -> bool {
    let named = matches!(a, Expr::Symbol(_)) || matches!(b, Expr::Symbol(_));
    named && a.spelled().is_some_and(|word| Some(word) == b.spelled())
}

/// 60 % counts as 60 when the other side is that integer.
fn same_percent(a: &Expr, b: &Expr) -> bool {
    let count = |expr: &Expr| match expr {
        Expr::Number(number) => number.integer(),
        Expr::Percent(inner) => match inner.as_ref() {
            Expr::Number(number) => number.integer(),
            _ => None,
        },
        _ => None,
    };
    count(a).is_some_and(|n| Some(n) == count(b))
}

/// Whether the expression is one number written with a decimal point.
fn is_rounded(expr: &Expr) -> bool {
    match expr {
        Expr::Number(number) => number.decimal,
        Expr::Percent(inner) => is_rounded(inner),
        _ => false,
    }
}

/// The value in millionths, rounded.
fn micros(expr: &Expr, budget: &Budget) -> Option<i128> {
    if let Some(micros) = exact(expr, budget).and_then(Ratio::micros) {
        return Some(micros);
    }
    let mut names = Vec::new();
    expr.symbols(&mut names);
    let value = approx(expr, 0, budget).filter(|_| names.is_empty())?.value;
    let scaled = (value.re * 1e6).round_ties_even();
    (value.is_real() && scaled.abs() < 1e30).then_some(scaled as i128)
}

/// Exact for rational functions; `None` when one side is none.
fn same_residues(a: &Expr, b: &Expr, budget: &Budget) -> Option<bool> {
    for seed in 0..2 {
        if residue(a, seed, budget)? != residue(b, seed, budget)? {
            return Some(false);
        }
    }
    Some(true)
}

fn same_values(a: &Expr, b: &Expr, budget: &Budget) -> bool {
    let agreements = (0..POINTS).filter_map(|seed| close(approx(a, seed, budget)?, approx(b, seed, budget)?));
    let mut compared = 0;
    for agrees in agreements {
        if !agrees {
            return false;
        }
        compared += 1;
    }
    compared > 0
}

/// `None` where one side is not finite.
fn close(a: Approx, b: Approx) -> Option<bool> {
    if !a.value.is_finite() || !b.value.is_finite() {
        return (a.value == b.value).then_some(true);
    }
    let scale = a.value.abs().max(b.value.abs());
    Some(a.value.sub(b.value).abs() <= TOLERANCE * scale + ROUNDING * a.size.max(b.size))
}

/// How two numbers compare; `None` when one has names in it.
pub(crate) fn is_below(low: &Expr, high: &Expr) -> Option<Ordering> {
    let budget = Budget::new();
    if let (Some(a), Some(b)) = (exact(low, &budget), exact(high, &budget)) {
        return a.compare(b);
    }
    let mut names = Vec::new();
    low.symbols(&mut names);
    high.symbols(&mut names);
    let real = |expr| approx(expr, 0, &budget).map(|a| a.value).filter(|v| v.is_real()).map(|v| v.re);
    if names.is_empty() { real(low)?.partial_cmp(&real(high)?) } else { None }
}

/// Whether a prediction is the gold answer. Not symmetric: the form of the gold answer decides what the other may omit.
pub(crate) fn values(gold: &Value, prediction: &Value, budget: &Budget) -> bool {
    let (mut gold, mut prediction) = (shortened(gold), shortened(prediction));
    if is_equation(&prediction) && !is_equation(&gold) {
        prediction = right_side(prediction);
    } else if is_assignment(&gold) && !is_equation(&prediction) {
        gold = right_side(gold);
    }
    if is_set(&prediction)
        && let Some(interval) = solutions(&gold)
    {
        gold = interval;
    }
    if gold == prediction {
        return true;
    }
    match (&gold, &prediction) {
        (Value::Relation(a, links), Value::Relation(b, others)) => relations((a, links), (b, others), budget),
        (Value::Relation(..), _) | (_, Value::Relation(..)) => false,
        (Value::Matrix(a), Value::Matrix(b)) => {
            let rows = || {
                a.iter()
                    .zip(b)
                    .all(|(x, y)| x.len() == y.len() && x.iter().zip(y).all(|(x, y)| exprs(x, y, budget)))
            };
            a.len() == b.len() && rows()
        }
        (Value::Expr(a), Value::Expr(b)) => exprs(a, b, budget),
        _ => super::sets::equal(&gold, &prediction, budget),
    }
}

fn is_set(value: &Value) -> bool {
    matches!(value, Value::Set(_) | Value::Interval(_) | Value::Union(_) | Value::Named(_))
}

fn is_equation(value: &Value) -> bool {
    matches!(value, Value::Relation(_, links) if links.iter().all(|(op, _)| *op == RelOp::Equal))
}

fn is_assignment(value: &Value) -> bool {
    let named = |first: &Value| matches!(first, Value::Expr(expr) if expr.is_name());
    matches!(value, Value::Relation(first, _) if is_equation(value) && named(first))
}

/// `x = a = b` as `x = b`.
fn shortened(value: &Value) -> Value {
    match value {
        Value::Relation(first, links) if links.len() > 1 && is_assignment(value) => {
            Value::Relation(first.clone(), links[links.len() - 1..].to_vec())
        }
        other => other.clone(),
    }
}

fn right_side(value: Value) -> Value {
    match value {
        Value::Relation(first, mut links) => links.pop().map_or(*first, |(_, right)| right),
        other => other,
    }
}

type Relation<'v> = (&'v Value, &'v [(RelOp, Value)]);

fn relations((a, links): Relation<'_>, (b, others): Relation<'_>, budget: &Budget) -> bool {
    let starts = |first: &Value, links: &[(RelOp, Value)]| {
        let lefts = std::iter::once(first.clone()).chain(links.iter().map(|(_, right)| right.clone()));
        lefts.take(links.len()).collect::<Vec<_>>()
    };
    links.len() == others.len()
        && starts(a, links)
            .iter()
            .zip(links)
            .zip(starts(b, others).iter().zip(others))
            .all(|((a, (op, x)), (b, (other, y)))| relation((a, *op, x), (b, *other, y), budget))
}

fn relation(
    (a, op, x): (&Value, RelOp, &Value),
    (b, other, y): (&Value, RelOp, &Value),
    budget: &Budget,
) -> bool {
    let (Value::Expr(a), Value::Expr(x), Value::Expr(b), Value::Expr(y)) = (a, x, b, y) else {
        return op == other && values(a, b, budget) && values(x, y, budget);
    };
    let (left, right) = (Expr::minus(a.clone(), x.clone()), Expr::minus(b.clone(), y.clone()));
    if op == other && exprs(&left, &right, budget) {
        return true;
    }
    if op.flipped() == other && exprs(&left, &right.clone().negated(), budget) {
        return true;
    }
    op == RelOp::Equal && other == RelOp::Equal && proportional(&left, &right, budget)
}

/// Whether two equations in at least two names differ by a constant factor only.
fn proportional(left: &Expr, right: &Expr, budget: &Budget) -> bool {
    let names = |expr: &Expr| {
        let mut found = Vec::new();
        expr.symbols(&mut found);
        found.sort();
        found
    };
    if names(left).len() < 2 || names(left) != names(right) {
        return false;
    }
    let ratio =
        |seed| Some(approx(left, seed, budget)?.value.mul(approx(right, seed, budget)?.value.recip()?));
    let ratios: Vec<_> = (0..POINTS).filter_map(ratio).filter(|r| r.is_finite() && r.abs() > 0.0).collect();
    ratios.len() as u64 == POINTS && ratios.iter().all(|r| r.sub(ratios[0]).abs() <= 1e-9 * ratios[0].abs())
}

/// The interval that inequalities in one name describe.
fn solutions(value: &Value) -> Option<Value> {
    let Value::Relation(first, links) = value else { return None };
    let infinity = || Expr::Constant(super::expr::Constant::Infinity);
    let mut all =
        Interval { low: infinity().negated(), high: infinity(), low_end: End::Open, high_end: End::Open };
    let mut left = first.as_ref();
    for (op, right) in links {
        let (Value::Expr(a), Value::Expr(b)) = (left, right) else { return None };
        let (op, bound) = match (a.is_name(), b.is_name()) {
            (true, false) => (*op, b),
            (false, true) => (op.flipped(), a),
            _ => return None,
        };
        restrict(&mut all, op, bound)?;
        left = right;
    }
    Some(Value::Interval(Box::new(all)))
}

/// `name op bound`
fn restrict(all: &mut Interval, op: RelOp, bound: &Expr) -> Option<()> {
    let end = if matches!(op, RelOp::Less | RelOp::Greater) { End::Open } else { End::Closed };
    match op {
        RelOp::Less | RelOp::LessEqual => (all.high, all.high_end) = (bound.clone(), end),
        RelOp::Greater | RelOp::GreaterEqual => (all.low, all.low_end) = (bound.clone(), end),
        RelOp::Equal | RelOp::NotEqual => return None,
    }
    Some(())
}
