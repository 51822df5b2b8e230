//! Where in a reply the answer stands.
//!
//! Places are tried by rank: after "final answer is" (0), boxes and after "final answer … is" (50), after "answer:"
//! (100), after "answer" (200), anywhere (300). Within a rank the rightmost place is tried first. The first place that
//! can be parsed gives the value; the first place at all gives the text that is compared letter by letter.

use super::cursor::Degrees;
use super::environment::Environments;
use super::expr::{Expr, Value};
use super::limits;
use super::normal::normalise;
use super::parser;
use super::plain::{self, Plain};
use super::{boxes::Boxes, places};
use crate::UnparsedKind;

/// What a reply offers for comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Extraction {
    /// The value of the best place that could be parsed.
    pub(crate) value: Option<Value>,
    /// The normalised text of the best place.
    pub(crate) text: Option<String>,
}

/// A place where an answer may stand.
pub(crate) struct Place<'t> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) what: What<'t>,
}

pub(crate) enum What<'t> {
    /// LaTeX between delimiters; several joined by commas or "and".
    Latex(Vec<Piece<'t>>),
    /// A number or expression in plain text.
    Plain(Plain<'t>),
}

/// One stretch of LaTeX.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'t> {
    pub(crate) text: &'t str,
    pub(crate) boxes: Boxes,
    pub(crate) percent: bool,
}

/// Finds the answer of a reply.
pub(crate) fn extract(text: &str) -> Extraction {
    let mut found = Extraction::default();
    let mut tries = limits::MAX_TRIES;
    let mut environments = Environments::new(text);
    for rank in places::RANKS {
        let mut all = places::of_rank(text, rank, &mut environments);
        all.sort_by_key(|place| (std::cmp::Reverse(place.end), place.start));
        for place in all {
            if tries == 0 {
                return found;
            }
            tries -= 1;
            let (value, written) = read(&place.what);
            if found.text.is_none() {
                found.text = written.filter(|text| !text.is_empty());
            }
            if value.is_some() {
                found.value = value;
                return found;
            }
        }
    }
    found
}

fn read(what: &What<'_>) -> (Option<Value>, Option<String>) {
    match what {
        What::Plain(plain) => plain::read(plain),
        What::Latex(pieces) => {
            let read: Vec<_> = pieces.iter().map(read_piece).collect();
            let all: Option<Vec<Value>> = read.iter().map(|(value, _)| value.clone()).collect();
            match all {
                Some(values) if values.len() > 1 => {
                    let texts: Vec<String> = read.into_iter().filter_map(|(_, text)| text).collect();
                    (
                        Some(Value::Set(values.into_iter().flat_map(elements).collect())),
                        Some(texts.join(" and ")),
                    )
                }
                _ => read.into_iter().next().unwrap_or_default(),
            }
        }
    }
}

fn elements(value: Value) -> Vec<Value> {
    match value {
        Value::Set(elements) => elements,
        other => vec![other],
    }
}

fn read_piece(piece: &Piece<'_>) -> (Option<Value>, Option<String>) {
    let Some(text) = normalise(piece.text, piece.boxes) else { return (None, None) };
    let value = match parser::parse(&text, Degrees::Drop) {
        Ok(value) => Some(value),
        // An answer that can be read in several ways is still the answer; it equals only itself.
        Err(UnparsedKind::Ambiguous) => Some(Value::Named(text.clone())),
        Err(_) => last_equation(&text),
    };
    let value = match value {
        Some(Value::Expr(expr)) if piece.percent => Some(Value::Expr(Expr::Percent(Box::new(expr)))),
        other => other,
    };
    (value, Some(text))
}

/// The last side of a chain of three or more, for chains whose beginning cannot be read.
fn last_equation(text: &str) -> Option<Value> {
    if text.contains([',', ';']) || text.matches('=').count() < 2 {
        return None;
    }
    let last = text.rsplit('=').next()?;
    parser::parse(last, Degrees::Drop).ok()
}
