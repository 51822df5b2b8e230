//! The rules Strict and Choice.

use super::letters::{Case, LetterRange, after_blanks, before_dot, boxed, isolated, sole};
use crate::text::scan::skip_blanks;

const OPEN: &str = "<answer>";

/// The last `<answer>` block that holds exactly one letter.
pub(super) fn in_answer_block(text: &str, range: LetterRange) -> Option<char> {
    text.rmatch_indices(OPEN).find_map(|(at, _)| {
        let (letter, end) = after_blanks(text, at + OPEN.len(), range)?;
        text[skip_blanks(text, end)..].starts_with("</answer>").then_some(letter)
    })
}

/// Box, tag, letter before a dot, letter alone: the first of these that occurs, its last occurrence.
pub(super) fn choice(text: &str, range: LetterRange) -> Option<char> {
    boxed(text, range)
        .or_else(|| in_answer_tag(text, range))
        .or_else(|| before_dot(text, range, Case::Upper))
        .or_else(|| isolated(text, range, Case::Upper))
}

/// `<answer>`, one letter, then `<` or the end of the text.
fn in_answer_tag(text: &str, range: LetterRange) -> Option<char> {
    text.rmatch_indices(OPEN).find_map(|(at, _)| {
        let (letter, end) = after_blanks(text, at + OPEN.len(), range)?;
        let rest = &text[skip_blanks(text, end)..];
        (rest.is_empty() || rest.starts_with('<')).then_some(letter)
    })
}

/// Whether `text` is one option letter and nothing else.
pub(super) fn is_letter(text: &str) -> Option<char> {
    sole(text, LetterRange { last: b'Z' })
}
