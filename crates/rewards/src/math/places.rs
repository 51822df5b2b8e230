//! The places of each rank.

use super::boxes::Boxes;
use super::environment::{Context, Environments, Found};
use super::extract::{Piece, Place, What};
use super::plain;
use crate::text::scan::{find_ignore_case, matches_ignore_case, skip_blanks};

/// How strongly a place is marked as the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    FinalAnswerIs,
    BoxOrFinalAnswer,
    AnswerColon,
    Answer,
    Anywhere,
}

pub(crate) const RANKS: [Rank; 5] =
    [Rank::FinalAnswerIs, Rank::BoxOrFinalAnswer, Rank::AnswerColon, Rank::Answer, Rank::Anywhere];

/// Characters between a mark such as "answer" and the answer.
const WINDOW: usize = 50;

/// Characters between "final answer" and "is", and before an equals sign.
const LONG_WINDOW: usize = 100;

/// Places of one rank that are kept.
const MAX_PLACES: usize = 4096;

pub(crate) fn of_rank<'t>(text: &'t str, rank: Rank, environments: &mut Environments<'t>) -> Vec<Place<'t>> {
    let mut places = match rank {
        Rank::FinalAnswerIs => final_answer_is(text, environments),
        Rank::BoxOrFinalAnswer => {
            let mut all = final_answer(text, environments);
            all.extend(boxed(text, environments));
            all
        }
        Rank::AnswerColon => after_mark(text, "answer:", environments),
        Rank::Answer => after_mark(text, "answer", environments),
        Rank::Anywhere => anywhere(text, environments),
    };
    let surplus = places.len().saturating_sub(MAX_PLACES);
    places.drain(..surplus);
    places
}

fn latex(start: usize, found: Found<'_>) -> Place<'_> {
    Place { start, end: found.end, what: What::Latex(found.pieces) }
}

fn plain_place<'t>(start: usize, (end, found): (usize, plain::Plain<'t>)) -> Place<'t> {
    Place { start, end, what: What::Plain(found) }
}

/// Positions of the characters from `from` on, at most `limit` of them.
fn window(text: &str, from: usize, limit: usize) -> impl Iterator<Item = usize> + '_ {
    let starts = text[from..].char_indices().map(move |(at, _)| from + at);
    starts.chain((text.len() - from < limit).then_some(text.len())).take(limit)
}

/// Positions after a mark at which an answer can begin.
fn beginnings(text: &str, from: usize) -> impl Iterator<Item = usize> + '_ {
    window(text, from, WINDOW + 1).filter(move |&at| text[at..].chars().next().is_some_and(may_begin))
}

fn may_begin(c: char) -> bool {
    c.is_whitespace() || matches!(c, '$' | '\\' | '=' | '-')
}

/// "final answer is 5. I hope …"
fn final_answer_is<'t>(text: &'t str, environments: &mut Environments<'t>) -> Vec<Place<'t>> {
    let mut places = Vec::new();
    for start in matches_ignore_case(text, "final answer is") {
        let after = start + "final answer is".len();
        let after = after + usize::from(text[after..].starts_with(':'));
        let content = skip_blanks(text, after);
        let hopes = |end: usize| {
            let rest = text[end..].strip_prefix('.').unwrap_or(&text[end..]);
            rest.trim_start().starts_with("I hope")
        };
        places.extend(environments.joined_at(content, Context::Any).map(|found| latex(start, found)));
        let before = last_blank(&text[after..content]).map_or(after, |at| after + at);
        places.extend(plain::at(text, before).map(|found| plain_place(start, found)));
        places.retain(|place| place.start != start || hopes(place.end));
    }
    places
}

/// "final answer … is 5"
fn final_answer<'t>(text: &'t str, environments: &mut Environments<'t>) -> Vec<Place<'t>> {
    let mut places = Vec::new();
    for start in matches_ignore_case(text, "final answer") {
        let from = start + "final answer".len();
        let is = |at: usize| {
            let rest = text[at..].trim_start();
            (rest.len() < text.len() - at).then(|| rest.strip_prefix("is")).flatten()
        };
        for at in window(text, from, LONG_WINDOW + 1) {
            let Some(rest) = is(at) else { continue };
            let rest = rest.strip_prefix(':').unwrap_or(rest);
            let after = text.len() - rest.len();
            if let Some(found) = plain::at(text, after).filter(|_| !text[from..at].contains('\n')) {
                places.push(plain_place(start, found));
            }
            if let Some(found) = environments.joined_at(skip_blanks(text, after), Context::Any) {
                places.push(latex(start, found));
            }
            if places.last().is_some_and(|place| place.start == start) {
                break;
            }
        }
    }
    places
}

/// Delimited stretches with a box inside, and everything from the first `\boxed{` to the last brace.
fn boxed<'t>(text: &'t str, environments: &mut Environments<'t>) -> Vec<Place<'t>> {
    let Some(first) = text.find("\\boxed{") else { return Vec::new() };
    let mut places =
        scan(text, |at| environments.joined_at(at, Context::Boxed).map(|found| latex(at, found)));
    let content = first + "\\boxed{".len();
    if let Some(end) = text.rfind('}').filter(|&end| end > content) {
        let piece = Piece { text: &text[first..=end], boxes: Boxes::Last, percent: false };
        places.push(Place { start: first, end: end + 1, what: What::Latex(vec![piece]) });
    }
    places
}

/// The nearest answer after each mark.
fn after_mark<'t>(text: &'t str, mark: &str, environments: &mut Environments<'t>) -> Vec<Place<'t>> {
    let mut places = Vec::new();
    let (mut latex_from, mut plain_from) = (0, 0);
    let mut at = 0;
    while let Some(start) = find_ignore_case(text, mark, at) {
        at = start + mark.len();
        if start >= latex_from
            && let Some(found) = beginnings(text, at).find_map(|i| environments.joined_at(i, Context::Any))
        {
            latex_from = found.end;
            places.push(latex(start, found));
        }
        if start >= plain_from
            && let Some(found) = after_equals(text, at).or_else(|| nearest_plain(text, at))
        {
            plain_from = found.0;
            places.push(plain_place(start, found));
        }
    }
    places
}

/// The answer after the farthest " = " on the line.
fn after_equals(text: &str, from: usize) -> Option<(usize, plain::Plain<'_>)> {
    let line = line_end(text, from);
    let signs: Vec<usize> =
        window(text, from, LONG_WINDOW + 1).filter(|&i| i < line && text.as_bytes()[i] == b'=').collect();
    signs.into_iter().rev().find_map(|sign| {
        let blanks = &text[sign + 1..skip_blanks(text, sign + 1)];
        let blank = sign + 1 + last_blank(blanks)?;
        plain::at(text, blank).filter(|found| no_equals(text, found.0))
    })
}

/// Where the last character of a run of blanks begins.
fn last_blank(blanks: &str) -> Option<usize> {
    blanks.char_indices().next_back().map(|(at, _)| at)
}

fn nearest_plain(text: &str, from: usize) -> Option<(usize, plain::Plain<'_>)> {
    let line = line_end(text, from);
    beginnings(text, from)
        .take_while(|&i| i <= line)
        .find_map(|i| plain::at(text, i).filter(|found| no_equals(text, found.0)))
}

fn line_end(text: &str, from: usize) -> usize {
    text[from..]
        .char_indices()
        .take(LONG_WINDOW + 1)
        .find(|(_, c)| *c == '\n')
        .map_or(text.len(), |(at, _)| from + at)
}

fn no_equals(text: &str, end: usize) -> bool {
    !text[end..].trim_start().starts_with('=')
}

fn anywhere<'t>(text: &'t str, environments: &mut Environments<'t>) -> Vec<Place<'t>> {
    let mut places = scan(text, |at| environments.joined_at(at, Context::Any).map(|found| latex(at, found)));
    places.extend(scan(text, |at| plain::expression_at(text, at).map(|found| plain_place(at, found))));
    places.extend(scan(text, |at| plain::number_at(text, at).map(|found| plain_place(at, found))));
    places
}

/// Places from left to right that do not overlap.
fn scan<'t>(text: &'t str, mut find: impl FnMut(usize) -> Option<Place<'t>>) -> Vec<Place<'t>> {
    let mut places = Vec::new();
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if at < from || (at > 0 && !may_begin(c)) {
            continue;
        }
        if let Some(place) = find(at) {
            from = place.end.max(at + 1);
            places.push(place);
        }
    }
    places
}
