//! The parsers of published scripts, kept with their faults so that published numbers can be reproduced.

use super::Reading;
use super::letters::{Case, LetterRange, after_blanks, before_dot, boxed, isolated};
use crate::text::scan::{ends_word, matches_ignore_case, skip_blanks};
use crate::text::tags::first_block_ignore_case;

const PHRASES: [&str; 8] = [
    "correct answer is",
    "correct choice is",
    "answer is",
    "answer",
    "appropriate choice is",
    "best choice is",
    "choice",
    "option",
];
const VOTE_PHRASES: [&str; 11] = [
    "correct answer is",
    "correct choice is",
    "answer is",
    "answer",
    "appropriate choice is",
    "best choice is",
    "choice",
    "select option",
    "option",
    "therefore,",
    "so,",
];

/// How many characters at the end of a reply the vote looks at last.
const TAIL: usize = 100;

/// Whether a letter may run on into a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Anything,
    WordEnd,
}

pub(super) fn accuracy(text: &str, range: LetterRange) -> Reading {
    let tag = || matches_ignore_case(text, "<answer>").filter_map(|at| letter_at(text, at + 8, range)).last();
    let found = boxed(text, range)
        .or_else(tag)
        .or_else(|| before_dot(text, range, Case::Either))
        .or_else(|| isolated(text, range, Case::Either));
    found.map_or_else(|| Reading::Text(text.to_uppercase()), Reading::Letter)
}

pub(super) fn stability(text: &str, range: LetterRange) -> Reading {
    let word = || matches_ignore_case(text, "answer").find_map(|at| letter_at(text, at + 6, range));
    let found = boxed(text, range)
        .or_else(word)
        .or_else(|| before_dot(text, range, Case::Either))
        .or_else(|| isolated(text, range, Case::Either));
    let rest = || Reading::Text(first_block_ignore_case(text, "answer").unwrap_or(text).to_uppercase());
    found.map_or_else(rest, Reading::Letter)
}

pub(super) fn consistency(text: &str, range: LetterRange) -> Reading {
    let content = first_block_ignore_case(text, "answer").unwrap_or("").trim();
    let last = content.bytes().rev().find_map(|b| range.option_in(b, Case::Upper));
    last.map_or_else(|| Reading::Text(content.to_uppercase()), Reading::Letter)
}

pub(super) fn single_pass(text: &str, range: LetterRange) -> Option<char> {
    anywhere_in_tag(text, range)
        .or_else(|| PHRASES.iter().find_map(|phrase| after_phrase(text, phrase, range, After::Anything)))
        .or_else(|| {
            let before = |at: usize| range.option(*text.as_bytes().get(at.checked_sub(1)?)?);
            matches_ignore_case(text, " is the correct").filter_map(before).last()
        })
}

pub(super) fn sft(text: &str, range: LetterRange) -> char {
    let closed = |at: usize| text[at..].get(..9).is_some_and(|tag| tag.eq_ignore_ascii_case("</answer>"));
    let tag = || {
        let letters =
            matches_ignore_case(text, "<answer>").filter_map(|at| after_blanks(text, at + 8, range));
        letters.filter(|&(_, end)| closed(skip_blanks(text, end))).map(|(letter, _)| letter).next()
    };
    let named = |word: &&str| {
        matches_ignore_case(text, word).find_map(|at| {
            let end = at + word.len();
            let next =
                end + text[end..].bytes().take_while(|b| *b == b':' || b.is_ascii_whitespace()).count();
            letter_at(text, next, range).filter(|_| next > end)
        })
    };
    tag().or_else(|| ["answer", "choose", "selection"].iter().find_map(named)).unwrap_or('C')
}

pub(super) fn vote(text: &str, range: LetterRange) -> Option<char> {
    let tail = text.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
    anywhere_in_tag(text, range)
        .or_else(|| VOTE_PHRASES.iter().find_map(|phrase| after_phrase(text, phrase, range, After::WordEnd)))
        .or_else(|| isolated(&text[tail..], range, Case::Upper))
}

fn letter_at(text: &str, at: usize, range: LetterRange) -> Option<char> {
    after_blanks(text, at, range).map(|(letter, _)| letter)
}

fn anywhere_in_tag(text: &str, range: LetterRange) -> Option<char> {
    first_block_ignore_case(text, "answer")?.bytes().find_map(|b| range.option(b))
}

/// The last letter after `phrase` and any colons, dots and blanks.
fn after_phrase(text: &str, phrase: &str, range: LetterRange, after: After) -> Option<char> {
    let letter = |at: usize| {
        let mut next = skip_blanks(text, at + phrase.len());
        while text.as_bytes().get(next).is_some_and(|b| b":.".contains(b)) {
            next = skip_blanks(text, next + 1);
        }
        let option = range.option(*text.as_bytes().get(next)?)?;
        (after == After::Anything || ends_word(text, next + 1)).then_some(option)
    };
    matches_ignore_case(text, phrase).filter_map(letter).last()
}
