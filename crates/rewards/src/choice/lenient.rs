//! The rule Lenient: what a patient reader would take for the answer.

use super::letters::{LetterRange, sole};
use crate::text::scan::{ends_word, matches_ignore_case, skip_blanks, starts_word};
use crate::text::tags::last_open_block_ignore_case;

const PHRASES: [&str; 9] = [
    "correct answer is",
    "correct choice is",
    "answer is",
    "answer",
    "best choice is",
    "choice",
    "option",
    "therefore",
    "so",
];

pub(super) fn read(text: &str, range: LetterRange) -> Option<char> {
    let tag = last_open_block_ignore_case(text, "answer").and_then(|content| in_tag(content, range));
    tag.or_else(|| PHRASES.iter().find_map(|phrase| after_phrase(text, phrase, range)))
}

fn in_tag(content: &str, range: LetterRange) -> Option<char> {
    let wrapping = |c: char| c.is_whitespace() || "()[]{}\"'`*“”‘’".contains(c);
    let bare = content.trim_start_matches(wrapping).trim_end_matches(|c| wrapping(c) || ".:".contains(c));
    sole(bare, range).or_else(|| only_letter(content, range))
}

/// The single distinct capital of the range that stands alone.
fn only_letter(content: &str, range: LetterRange) -> Option<char> {
    let alone = |(at, byte): (usize, u8)| {
        let option = range.option(byte).filter(|_| byte.is_ascii_uppercase())?;
        (starts_word(content, at) && ends_word(content, at + 1)).then_some(option)
    };
    let mut letters = content.bytes().enumerate().filter_map(alone);
    let first = letters.next()?;
    letters.all(|letter| letter == first).then_some(first)
}

/// The last letter that follows `phrase`, with at least one sign or blank between.
fn after_phrase(text: &str, phrase: &str, range: LetterRange) -> Option<char> {
    let letter = |at: usize| {
        let end = at + phrase.len();
        let mut next = skip_blanks(text, end);
        while text.as_bytes().get(next).is_some_and(|b| b":.,*(".contains(b)) {
            next = skip_blanks(text, next + 1);
        }
        let byte = *text.as_bytes().get(next).filter(|b| b.is_ascii_uppercase())?;
        range.option(byte).filter(|_| next > end && ends_word(text, next + 1))
    };
    matches_ignore_case(text, phrase).filter(|&at| starts_word(text, at)).filter_map(letter).last()
}
