//! Numbers and expressions in plain text.

use super::cursor::Degrees;
use super::expr::{Expr, Number, Value};
use super::parser;

/// What was found in plain text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Plain<'t> {
    /// Digits with thousands commas or blanks, maybe signed.
    Number { digits: &'t str, percent: bool },
    /// Digits and operators.
    Expression(&'t str),
}

const CURRENCIES: &str = "$€£¥₹₽₪₩₫฿₡₢₣₤₥₦₧₨₭₮₯₰₱₲₳₴₵₶₷₸₺₻₼₾₿";
const OPERATORS: &str = "+-*×/^()÷";

/// Bytes an expression in plain text may have.
const MAX_LENGTH: usize = 256;

/// Finds an expression, else a number, that begins at `at` or after one blank or `=` there.
pub(crate) fn at(text: &str, at: usize) -> Option<(usize, Plain<'_>)> {
    starts(text, at).find_map(|start| expression(text, start)).or_else(|| number_at(text, at))
}

/// Finds an expression that begins at `at` or after one blank or `=` there.
pub(crate) fn expression_at(text: &str, at: usize) -> Option<(usize, Plain<'_>)> {
    starts(text, at).find_map(|start| expression(text, start))
}

/// Finds a number that begins at `at` or after one blank or `=` there.
pub(crate) fn number_at(text: &str, at: usize) -> Option<(usize, Plain<'_>)> {
    starts(text, at).find_map(|start| {
        let rest = &text[start..];
        let bare = rest.strip_prefix(|c| CURRENCIES.contains(c)).unwrap_or(rest);
        number(text, text.len() - bare.len())
    })
}

/// The start of the text, or the position after a blank or `=`; in both cases also after `**`.
fn starts(text: &str, at: usize) -> impl Iterator<Item = usize> + '_ {
    let after =
        text[at..].chars().next().filter(|c| c.is_whitespace() || *c == '=').map(|c| at + c.len_utf8());
    let first = (at == 0).then_some(0);
    first.into_iter().chain(after).flat_map(|start| {
        let bold = text[start..].starts_with("**").then_some(start + 2);
        bold.into_iter().chain([start])
    })
}

fn number(text: &str, start: usize) -> Option<(usize, Plain<'_>)> {
    let rest = &text[start..];
    let bytes = rest.as_bytes();
    let after_digit = start > 0 && text.as_bytes()[start - 1].is_ascii_digit();
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(bytes, sign);
    let length = if whole == 0 {
        let fraction = if bytes.first() == Some(&b'.') { digits(bytes, 1) } else { 0 };
        if fraction == 0 { 0 } else { fraction + 1 }
    } else {
        let end = thousands(bytes, sign, whole);
        let separators: &[u8] = if end > sign + whole { b"." } else { b".," };
        match bytes.get(end).filter(|b| separators.contains(b)).map(|_| digits(bytes, end + 1)) {
            Some(fraction) if fraction > 0 => end + 1 + fraction,
            _ => end,
        }
    };
    if length == 0 || after_digit {
        return None;
    }
    let (end, percent) = super::environment::with_percent(text, start + length);
    let end = if percent { end } else { start + length };
    Some((end, Plain::Number { digits: &rest[..length], percent }))
}

/// The end of groups of three digits, or of the first run when there are none.
fn thousands(bytes: &[u8], sign: usize, whole: usize) -> usize {
    let mut end = sign + whole;
    if whole > 3 || bytes[sign] == b'0' {
        return end;
    }
    while matches!(bytes.get(end), Some(b',' | b' ')) && digits(bytes, end + 1) >= 3 {
        end += 4;
    }
    end
}

fn digits(bytes: &[u8], from: usize) -> usize {
    bytes.get(from..).unwrap_or(&[]).iter().take_while(|b| b.is_ascii_digit()).count()
}

/// `-(3 + 4)/2` and the like: begins with a digit, holds an operator, ends before a blank or punctuation.
fn expression(text: &str, start: usize) -> Option<(usize, Plain<'_>)> {
    let rest = &text[start..];
    let head = rest.strip_prefix('-').unwrap_or(rest);
    let head = head.strip_prefix('(').unwrap_or(head);
    let head = head.strip_prefix('-').unwrap_or(head);
    if !head.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let first = rest.len() - head.len() + 1;
    let allowed = |c: char| c.is_ascii_digit() || c == '.' || c.is_whitespace() || OPERATORS.contains(c);
    let run = first + rest[first..].find(|c| !allowed(c)).unwrap_or(rest.len() - first);
    let operator = rest[first..run].char_indices().find(|(_, c)| OPERATORS.contains(*c));
    let least = first + operator.map(|(at, c)| at + c.len_utf8())?;
    let mut ends = rest[least..run].char_indices().map(|(at, c)| least + at + c.len_utf8()).rev();
    let end = ends.by_ref().take(MAX_LENGTH).find(|&end| closes(&rest[end..]))?;
    Some((start + end, Plain::Expression(&rest[..end])))
}

fn closes(after: &str) -> bool {
    let after = after.strip_prefix("**").unwrap_or(after);
    after.chars().next().is_none_or(|c| c.is_whitespace() || ".,:)$".contains(c))
}

/// The value and the text that is compared letter by letter.
pub(crate) fn read(plain: &Plain<'_>) -> (Option<Value>, Option<String>) {
    match plain {
        Plain::Expression(text) if text.len() > MAX_LENGTH => (None, None),
        Plain::Expression(text) => (parser::parse(text.trim(), Degrees::Drop).ok(), Some((*text).to_owned())),
        Plain::Number { digits, percent } => {
            let cleaned = cleaned(digits);
            let number = Expr::Number(Number::parse(cleaned.trim_start_matches('-')));
            let signed = if cleaned.starts_with('-') { number.negated() } else { number };
            let expr = if *percent { Expr::Percent(Box::new(signed)) } else { signed };
            (Some(Value::Expr(expr)), Some(cleaned))
        }
    }
}

/// Without thousands marks and leading zeros, with a point for a decimal comma.
fn cleaned(digits: &str) -> String {
    let grouped = thousands_mark(digits);
    let text: String = digits.chars().filter(|c| *c != ' ' && !(grouped && *c == ',')).collect();
    let text = text.replace(',', ".");
    let bare = text.trim_start_matches('0');
    if bare.is_empty() || bare.starts_with('.') { format!("0{bare}") } else { bare.to_owned() }
}

/// Whether commas in the digits stand between groups of three.
fn thousands_mark(digits: &str) -> bool {
    let bare = digits.strip_prefix('-').unwrap_or(digits);
    let whole = bare.bytes().take_while(u8::is_ascii_digit).count();
    thousands(bare.as_bytes(), 0, whole) > whole
}
