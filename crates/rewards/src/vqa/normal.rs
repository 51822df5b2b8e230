//! The official normalisation of answers.

use super::contractions::contraction;

/// The order matters: each sign is deleted or replaced in turn.
const PUNCTUATION: [char; 21] = [
    ';', '/', '[', ']', '"', '{', '}', '(', ')', '=', '+', '\\', '_', '-', '>', '<', '@', '`', ',', '?', '!',
];

/// Dots that are deleted at most; the official script passes a flag where the count belongs.
const MAX_DOTS: usize = 32;

const NUMBERS: [(&str, &str); 12] = [
    ("none", "0"),
    ("zero", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
];

/// The normal form under which answers are compared: punctuation, numbers as digits, no articles, contractions.
///
/// ```
/// use rewards::normalise_answer;
/// assert_eq!(normalise_answer("The U.S.A."), "usa");
/// assert_eq!(normalise_answer("three dogs"), "3 dogs");
/// assert_eq!(normalise_answer("1,000"), "1000");
/// ```
pub fn normalise_answer(answer: &str) -> String {
    words(&without_punctuation(&flat(answer)))
}

/// One line, trimmed.
pub(super) fn flat(answer: &str) -> String {
    answer.replace(['\n', '\t'], " ").trim().to_owned()
}

fn without_punctuation(text: &str) -> String {
    let grouped = has_digit_comma(text);
    let mut out = text.to_owned();
    for sign in PUNCTUATION.into_iter().filter(|sign| text.contains(*sign)) {
        let beside_blank = text.contains(&format!("{sign} ")) || text.contains(&format!(" {sign}"));
        let replacement = if grouped || beside_blank { "" } else { " " };
        out = out.replace(sign, replacement);
    }
    without_dots(&out)
}

/// Whether a comma stands between digits anywhere.
fn has_digit_comma(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(3).any(|w| w[0].is_ascii_digit() && w[1] == b',' && w[2].is_ascii_digit())
}

/// Deletes dots that no digit follows.
fn without_dots(text: &str) -> String {
    let mut deleted = 0;
    let mut chars = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        let digit_follows = chars.peek().is_some_and(char::is_ascii_digit);
        if c == '.' && !digit_follows && deleted < MAX_DOTS {
            deleted += 1;
        } else {
            out.push(c);
        }
    }
    out
}

fn words(text: &str) -> String {
    let lower = text.to_lowercase();
    let digit = |word: &'_ str| NUMBERS.iter().find(|(name, _)| *name == word).map(|(_, digits)| *digits);
    let mut out = String::with_capacity(lower.len());
    for word in lower.split_whitespace().filter(|word| !matches!(*word, "a" | "an" | "the")) {
        if !out.is_empty() {
            out.push(' ');
        }
        match digit(word) {
            Some(digits) => out.push_str(digits),
            None => out.push_str(contraction(word).as_deref().unwrap_or(word)),
        }
    }
    out
}
