//! Equality of sets, tuples, intervals and unions.

use super::equal::{exprs, values};
use super::eval::Budget;
use super::expr::{End, Interval, Value};

/// A value that is no set counts as the set of itself.
pub(super) fn equal(gold: &Value, prediction: &Value, budget: &Budget) -> bool {
    if let Value::Set(set) = gold
        && let Some(shorter) = distinct(set)
    {
        return equal(&Value::Set(shorter), prediction, budget);
    }
    if let Value::Set(set) = prediction
        && let Some(shorter) = distinct(set)
    {
        return equal(gold, &Value::Set(shorter), budget);
    }
    match (gold, prediction) {
        (Value::Interval(a), Value::Interval(b)) => intervals(a, b, budget),
        (Value::Union(a), Value::Union(b)) => matching(a, b, budget),
        (Value::Tuple(a), Value::Tuple(b)) => in_order(a, b, budget),
        // A list without brackets is a set that remembers its order.
        (Value::Tuple(a), Value::Set(b)) => in_order(a, b, budget),
        (Value::Set(a), Value::Tuple(b)) => matching(a, b, budget),
        (Value::Set(a), Value::Set(b)) => matching(a, b, budget),
        (Value::Interval(a), Value::Set(b) | Value::Tuple(b)) => {
            pair(a).is_some_and(|a| in_order(&a, b, budget))
        }
        (Value::Set(a), Value::Interval(b)) => pair(b).is_some_and(|b| matching(a, &b, budget)),
        (Value::Tuple(a), Value::Interval(b)) => pair(b).is_some_and(|b| in_order(a, &b, budget)),
        (Value::Expr(_) | Value::Matrix(_), Value::Set(b)) => one(b).is_some_and(|b| values(gold, b, budget)),
        (Value::Set(a), Value::Expr(_) | Value::Matrix(_)) => {
            one(a).is_some_and(|a| values(a, prediction, budget))
        }
        _ => false,
    }
}

fn one(set: &[Value]) -> Option<&Value> {
    match set {
        [only] => Some(only),
        _ => None,
    }
}

/// The set without repeated elements, if there are any.
fn distinct(set: &[Value]) -> Option<Vec<Value>> {
    let mut kept: Vec<Value> = Vec::new();
    for value in set {
        if !kept.contains(value) {
            kept.push(value.clone());
        }
    }
    (kept.len() < set.len()).then_some(kept)
}

/// The ends of an open interval, which may be meant as a pair of numbers.
fn pair(interval: &Interval) -> Option<[Value; 2]> {
    let open = interval.low_end == End::Open && interval.high_end == End::Open;
    open.then(|| [Value::Expr(interval.low.clone()), Value::Expr(interval.high.clone())])
}

fn intervals(a: &Interval, b: &Interval, budget: &Budget) -> bool {
    a.low_end == b.low_end
        && a.high_end == b.high_end
        && exprs(&a.low, &b.low, budget)
        && exprs(&a.high, &b.high, budget)
}

fn in_order(gold: &[Value], prediction: &[Value], budget: &Budget) -> bool {
    gold.len() == prediction.len() && gold.iter().zip(prediction).all(|(a, b)| values(a, b, budget))
}

/// Whether the elements can be paired off in any order.
fn matching(gold: &[Value], prediction: &[Value], budget: &Budget) -> bool {
    let mut left: Vec<&Value> = prediction.iter().collect();
    gold.len() == prediction.len()
        && gold.iter().all(|a| {
            let found = left.iter().position(|b| values(a, b, budget));
            found.map(|at| left.swap_remove(at)).is_some()
        })
}
