//! Whole answers: lists, relations, intervals, sets and matrices around arithmetic.

use super::arith;
use super::cursor::{Cursor, Degrees, Parsed};
use super::equal::is_below;
use super::expr::{End, Expr, Interval, Number, RelOp, Value};
use super::lexer::{self, Token};
use super::limits;
use crate::UnparsedKind;

/// Reads one normalised answer; everything must be used up.
pub(crate) fn parse(text: &str, degrees: Degrees) -> Parsed<Value> {
    if text.len() > limits::MAX_EXPRESSION {
        return Err(UnparsedKind::TooLarge);
    }
    if let Some(number) = thousands(text) {
        return Ok(Value::Expr(number));
    }
    let mut cursor = Cursor::new(lexer::tokens(text)?, degrees);
    let (mut elements, _) = elements(&mut cursor)?;
    match elements.pop() {
        Some(only) if cursor.at_end() && elements.is_empty() => Ok(only),
        Some(last) if cursor.at_end() => {
            elements.push(last);
            Ok(Value::Set(elements))
        }
        _ => Err(UnparsedKind::NotAnExpression),
    }
}

/// A whole text of digits in groups of three, such as `-1,234.5`.
fn thousands(text: &str) -> Option<Expr> {
    let text = text.trim();
    let bare = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = bare.split_once('.').unwrap_or((bare, "0"));
    let mut groups = whole.split(',');
    let digits = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next().filter(|g| digits(g) && g.len() <= 3)?;
    let rest: Vec<&str> = groups.collect();
    if rest.is_empty() || !rest.iter().all(|g| digits(g) && g.len() == 3) || !digits(fraction) {
        return None;
    }
    let number = Expr::Number(Number::parse(&format!("{first}{}", bare[first.len()..].replace(',', ""))));
    Some(if text.starts_with('-') { number.negated() } else { number })
}

/// Elements between commas or semicolons, and how many separators there were.
fn elements(c: &mut Cursor) -> Parsed<(Vec<Value>, usize)> {
    let mut all = element(c)?;
    let mut separators = 0;
    while c.take_sign(',') || c.take_sign(';') {
        separators += 1;
        all.extend(element(c)?);
        if all.len() > limits::MAX_ELEMENTS {
            return Err(UnparsedKind::TooLarge);
        }
    }
    Ok((all, separators))
}

/// One relation, or the two values of `a ± b`.
fn element(c: &mut Cursor) -> Parsed<Vec<Value>> {
    if c.take_command("pm") {
        let expr = arith::sum(c)?;
        return Ok(vec![Value::Expr(expr.clone().negated()), Value::Expr(expr)]);
    }
    let first = term(c)?;
    if c.take_command("pm") {
        let Value::Expr(left) = first else { return Err(UnparsedKind::NotAnExpression) };
        let right = arith::sum(c)?;
        return Ok(vec![
            Value::Expr(Expr::sum(left.clone(), right.clone())),
            Value::Expr(Expr::minus(left, right)),
        ]);
    }
    relation(c, first).map(|value| vec![value])
}

fn relation(c: &mut Cursor, first: Value) -> Parsed<Value> {
    let mut links = Vec::new();
    loop {
        if c.take_command("approx") {
            let right = term(c)?;
            let assigned = links.is_empty() && matches!(&first, Value::Expr(name) if name.is_name());
            return Ok(if assigned { right } else { chain(first, links) });
        }
        let Some(op) = operator(c) else { return Ok(chain(first, links)) };
        links.push((op, term(c)?));
        if links.len() > limits::MAX_ELEMENTS {
            return Err(UnparsedKind::TooLarge);
        }
    }
}

fn chain(first: Value, links: Vec<(RelOp, Value)>) -> Value {
    if links.is_empty() { first } else { Value::Relation(Box::new(first), links) }
}

fn operator(c: &mut Cursor) -> Option<RelOp> {
    let op = match c.peek()? {
        Token::Sign('=') => RelOp::Equal,
        Token::Sign('<') => RelOp::Less,
        Token::Sign('>') => RelOp::Greater,
        Token::Command(name) => match name.as_str() {
            "in" => RelOp::Equal,
            "le" | "leq" | "leqslant" | "leqq" => RelOp::LessEqual,
            "ge" | "geq" | "geqslant" | "geqq" => RelOp::GreaterEqual,
            "lt" => RelOp::Less,
            "gt" => RelOp::Greater,
            "ne" | "neq" => RelOp::NotEqual,
            _ => return None,
        },
        _ => return None,
    };
    c.advance();
    match op {
        RelOp::Less if c.take_sign('=') => Some(RelOp::LessEqual),
        RelOp::Greater if c.take_sign('=') => Some(RelOp::GreaterEqual),
        op => Some(op),
    }
}

/// A set with its unions, a matrix, or arithmetic.
fn term(c: &mut Cursor) -> Parsed<Value> {
    c.nested(|c| {
        if c.is_command("begin") {
            return super::matrix::parse(c);
        }
        let Some(first) = set(c)? else { return arith::sum(c).map(Value::Expr) };
        let mut parts = vec![first];
        while c.take_command("cup") {
            parts.push(set(c)?.ok_or(UnparsedKind::NotAnExpression)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Value::Union(parts) })
    })
}

/// A set, interval or tuple at the cursor, if that is what the brackets hold.
fn set(c: &mut Cursor) -> Parsed<Option<Value>> {
    match c.peek() {
        Some(Token::SetOpen) => braces(c).map(Some),
        Some(Token::Command(name)) if matches!(name.as_str(), "emptyset" | "varnothing") => {
            c.advance();
            Ok(Some(Value::Set(Vec::new())))
        }
        Some(Token::Name(name)) if name.starts_with("mathbb{") => {
            let name = name.clone();
            c.advance();
            Ok(Some(Value::Named(name)))
        }
        Some(Token::Sign('(' | '[')) if holds_list(c) => brackets(c).map(Some),
        _ => Ok(None),
    }
}

fn braces(c: &mut Cursor) -> Parsed<Value> {
    c.advance();
    if c.peek() == Some(&Token::SetClose) {
        c.advance();
        return Ok(Value::Set(Vec::new()));
    }
    let (inside, _) = c.nested(elements)?;
    if c.next() == Some(Token::SetClose) {
        Ok(Value::Set(inside))
    } else {
        Err(UnparsedKind::NotAnExpression)
    }
}

/// Whether the bracket at the cursor holds a list, and nothing multiplies or divides it.
fn holds_list(c: &Cursor) -> bool {
    let Some((inside, after)) = c.bracketed() else { return false };
    let mut depth = 0i32;
    let listed = inside.iter().any(|token| {
        match token {
            Token::Sign('(' | '[' | '{') | Token::SetOpen => depth += 1,
            Token::Sign(')' | ']' | '}') | Token::SetClose => depth -= 1,
            _ => {}
        }
        depth == 0 && matches!(token, Token::Sign(',' | ';'))
    });
    let ends = match after {
        None | Some(Token::Sign(',' | ';' | '=' | ')' | ']' | '<' | '>') | Token::SetClose) => true,
        Some(Token::Command(name)) => matches!(name.as_str(), "cup" | "in" | "neq" | "ne"),
        _ => false,
    };
    listed && ends
}

fn brackets(c: &mut Cursor) -> Parsed<Value> {
    let low_end = if c.is_sign('(') { End::Open } else { End::Closed };
    c.advance();
    let (mut inside, separators) = c.nested(elements)?;
    let high_end = match c.next() {
        Some(Token::Sign(')')) => End::Open,
        Some(Token::Sign(']')) => End::Closed,
        _ => return Err(UnparsedKind::NotAnExpression),
    };
    match (inside.pop(), inside.pop()) {
        (Some(Value::Expr(high)), Some(Value::Expr(low))) if separators == 1 && inside.is_empty() => {
            Ok(interval(Interval { low, high, low_end, high_end }))
        }
        (last, before) => {
            inside.extend(before);
            inside.extend(last);
            Ok(Value::Tuple(inside))
        }
    }
}

/// A pair of ends in the wrong order is a tuple; a closed interval of one point is that point.
fn interval(interval: Interval) -> Value {
    let Interval { low, high, low_end, high_end } = &interval;
    let same_ends = low_end == high_end;
    let pair = || Value::Tuple(vec![Value::Expr(low.clone()), Value::Expr(high.clone())]);
    match (is_below(low, high), same_ends, low_end) {
        (Some(std::cmp::Ordering::Greater), true, _) | (Some(std::cmp::Ordering::Equal), true, End::Open) => {
            pair()
        }
        (Some(std::cmp::Ordering::Equal), true, End::Closed) => Value::Set(vec![Value::Expr(low.clone())]),
        _ => Value::Interval(Box::new(interval)),
    }
}
