//! Equality of short answers without algebra.

use crate::math::ratio::Ratio;
use crate::reward::against_gold;
use crate::text::boxed::strip_box;
use crate::text::tags::first_block;
use crate::{Group, Outcome, RewardError, RewardFn, Role, Sample};

/// Levels of nested lists that are compared.
const MAX_DEPTH: usize = 8;

/// Whether two short answers are the same, by the first rule that says yes:
/// equal up to blanks; both one letter, ignoring case; equal as exact numbers (thousands commas, fractions, mixed
/// numbers, percent on both or neither); lists in the same brackets with equal parts.
///
/// ```
/// use rewards::same_answer;
/// assert!(same_answer(r"\boxed{\frac{1}{2}}", "0.5"));
/// assert!(same_answer("(B)", "b"));
/// assert!(!same_answer("50%", "0.5"));
/// ```
pub fn same_answer(a: &str, b: &str) -> bool {
    same(&cleaned(a), &cleaned(b), MAX_DEPTH)
}

fn same(a: &str, b: &str, depth: usize) -> bool {
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    if a.is_empty() || b.is_empty() {
        return false;
    }
    squeezed(a) == squeezed(b)
        || letter(a).is_some_and(|x| Some(x) == letter(b))
        || number(a).is_some_and(|x| Some(x) == number(b))
        || (depth > 0 && same_lists(a, b, depth))
}

fn same_lists(a: &str, b: &str, depth: usize) -> bool {
    let (Some((open, parts)), Some((other, others))) = (list(a), list(b)) else { return false };
    open == other
        && parts.len() == others.len()
        && parts.iter().zip(&others).all(|(x, y)| same(x, y, depth - 1))
}

fn cleaned(text: &str) -> String {
    let mut text = strip_box(text).to_owned();
    for dress in
        ["$", "\\left", "\\right", "\\,", "\\!", "\\;", "\\:", "^\\circ", "^{\\circ}", "°", "\u{2009}"]
    {
        text = text.replace(dress, "");
    }
    text = unwrap_text(&text).replace("\\%", "%").replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac");
    let text = text.trim();
    text.strip_suffix('.').unwrap_or(text).trim().to_owned()
}

/// The text with every `\text{…}` replaced by its content.
fn unwrap_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\text{") {
        out.push_str(before);
        let Some((inside, behind)) = after.split_once('}') else { return out + after };
        out.push_str(inside);
        rest = behind;
    }
    out + rest
}

fn letter(text: &str) -> Option<char> {
    let bare = text.trim().trim_start_matches('(').trim_end_matches(['.', ')']);
    let mut chars = bare.trim().chars();
    let only = chars.next().filter(char::is_ascii_alphabetic)?;
    chars.next().is_none().then(|| only.to_ascii_lowercase())
}

/// An exact number, and whether it is a percentage.
fn number(text: &str) -> Option<(Ratio, bool)> {
    let text = text.trim();
    let bare = text.strip_suffix('%').map(str::trim_end);
    let percent = bare.is_some();
    let text = bare.unwrap_or(text);
    let (text, negative) = match text.strip_prefix('-') {
        Some(rest) => (rest.trim_start(), true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let value = unsigned(text)?;
    Some((if negative { value.neg() } else { value }, percent))
}

fn unsigned(text: &str) -> Option<Ratio> {
    if let Some((whole, fraction)) = text.split_once("\\frac") {
        let (upper, lower) = fraction.trim().strip_prefix('{')?.strip_suffix('}')?.split_once("}{")?;
        let negative = upper.trim().strip_prefix('-');
        let value = decimal(negative.unwrap_or(upper))?.mul(decimal(lower)?.recip()?)?;
        let value = if negative.is_some() { value.neg() } else { value };
        return if whole.trim().is_empty() { Some(value) } else { decimal(whole)?.add(value) };
    }
    if let Some((left, lower)) = text.split_once('/') {
        let (whole, upper) = left.trim().rsplit_once(' ').unwrap_or(("0", left));
        return decimal(whole)?.add(decimal(upper)?.mul(decimal(lower)?.recip()?)?);
    }
    decimal(text)
}

/// Digits with an optional fraction; commas only between groups of three.
fn decimal(text: &str) -> Option<Ratio> {
    let text = text.trim();
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (whole, _) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let grouped = whole.contains(',');
    let regular = groups.all(|group| group.len() == 3) && (!grouped || (1..=3).contains(&first.len()));
    if regular { Ratio::parse(&text.replace(',', "")) } else { None }
}

/// The bracket and the parts of a list.
fn list(text: &str) -> Option<(char, Vec<&str>)> {
    let text = text.trim();
    let pairs = [("(", ")", '('), ("[", "]", '['), ("\\{", "\\}", '{'), ("{", "}", '{')];
    let (open, close, kind) = pairs.into_iter().find(|(open, ..)| text.starts_with(open))?;
    let inside = text.strip_prefix(open)?.strip_suffix(close)?;
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0i64);
    for (at, c) in inside.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(inside[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inside[start..].trim());
    (depth == 0).then_some((kind, parts))
}

/// Answer accuracy without algebra: the answer block (the whole text where there is none) against the gold text, by
/// [`same_answer`].
///
/// ```
/// use rewards::{Group, RewardFn, Sample, ViewAnswerAccuracy};
/// let group = Group::of_texts(Sample::text("?", "1000"), ["<answer>1,000</answer>"]);
/// assert_eq!(ViewAnswerAccuracy.judge(&group)[0].value(), Some(1.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ViewAnswerAccuracy;

impl RewardFn for ViewAnswerAccuracy {
    fn name(&self) -> &str {
        "answer_accuracy"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        against_gold(group, |text, gold| {
            let answer = first_block(text, "answer").unwrap_or(text).trim();
            Outcome::from(same_answer(answer, gold))
        })
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        sample.gold_text().map(drop)
    }

    fn role(&self) -> Role {
        Role::Correctness
    }
}
