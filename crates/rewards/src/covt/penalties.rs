//! Four penalties on the think text. A completion without a think block costs nothing here.

use super::pads::{Pad, TOKENS, run_length};
use crate::reward::each;
use crate::text::scan::{find_ignore_case, skip_blanks};
use crate::text::tags::first_block;
use crate::{Group, Outcome, RewardFn};

fn penalty(group: &Group, violated: impl Fn(&str) -> bool, cost: f64) -> Vec<Outcome> {
    let think = |text: &str| first_block(text, "think").is_some_and(&violated);
    each(group, |text| Outcome::from_f64(if think(text) { -cost } else { 0.0 }))
}

/// −0.5 when nothing but visual notes, blanks and punctuation was thought.
///
/// ```
/// use rewards::{ContentPenalty, Group, RewardFn, Sample};
/// let group = Group::of_texts(Sample::default(), ["<think>。，</think>", "<think>Three dots.</think>"]);
/// let values: Vec<_> = ContentPenalty.judge(&group).iter().map(|o| o.value()).collect();
/// assert_eq!(values, [Some(-0.5), Some(0.0)]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ContentPenalty;

impl RewardFn for ContentPenalty {
    fn name(&self) -> &str {
        "content_penalty"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let filler = |c: char| c.is_whitespace() || ".,;:!?、。，；：！？".contains(c);
        let empty = |think: &str| {
            let bare = TOKENS.iter().fold(think.to_owned(), |text, (token, _)| text.replace(token, ""));
            bare.chars().all(filler)
        };
        penalty(group, empty, 0.5)
    }
}

/// How far back the context of a note is looked for, and what its absence costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContextRule {
    /// 100 characters, −0.5.
    #[default]
    Hundred,
    /// 20 characters, −1, as published: even the canonical sentence is punished.
    Twenty,
}

/// For the first note of each kind, one of its words must stand shortly before it.
///
/// ```
/// use rewards::{ContextPenalty, ContextRule, Group, Pad, RewardFn, Sample};
/// let note = Pad::Sam.token().repeat(8);
/// let group = Group::of_texts(Sample::default(), [format!("<think>A mask of it: {note} ok.</think>")]);
/// assert_eq!(ContextPenalty::new(ContextRule::Hundred).judge(&group)[0].value(), Some(0.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ContextPenalty {
    rule: ContextRule,
}

impl ContextPenalty {
    /// The penalty under one rule.
    ///
    /// ```
    /// use rewards::{ContextPenalty, ContextRule, RewardFn};
    /// assert_eq!(ContextPenalty::new(ContextRule::Twenty).name(), "context_penalty");
    /// ```
    pub const fn new(rule: ContextRule) -> Self {
        Self { rule }
    }
}

impl RewardFn for ContextPenalty {
    fn name(&self) -> &str {
        "context_penalty"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let (window, cost) = match self.rule {
            ContextRule::Hundred => (100, 0.5),
            ContextRule::Twenty => (20, 1.0),
        };
        let violated = |think: &str| {
            let lower = think.to_lowercase();
            Pad::ALL.iter().any(|pad| {
                let Some(at) = lower.find(pad.token()) else { return false };
                let start = lower[..at].char_indices().rev().nth(window - 1).map_or(0, |(start, _)| start);
                !pad.context().iter().any(|word| lower[start..at].contains(word))
            })
        };
        penalty(group, violated, cost)
    }
}

/// −1 unless the think text holds exactly 8 sam, 4 depth, 4 dino and 4 pidinet pads.
///
/// ```
/// use rewards::{CountPenalty, Group, RewardFn, Sample};
/// let group = Group::of_texts(Sample::default(), ["<think>No notes.</think>", "no block"]);
/// let values: Vec<_> = CountPenalty.judge(&group).iter().map(|o| o.value()).collect();
/// assert_eq!(values, [Some(-1.0), Some(0.0)]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CountPenalty;

impl RewardFn for CountPenalty {
    fn name(&self) -> &str {
        "count_penalty"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let wrong = |think: &str| Pad::ALL.iter().any(|pad| think.matches(pad.token()).count() != pad.run());
        penalty(group, wrong, 1.0)
    }
}

/// −1 when a phrase "the … of the image is " is not followed by exactly its note.
///
/// ```
/// use rewards::{Group, Pad, PhrasePenalty, RewardFn, Sample};
/// let short = Pad::Sam.token().repeat(7);
/// let group = Group::of_texts(Sample::default(), [format!("<think>the segmentation of the image is {short}</think>")]);
/// assert_eq!(PhrasePenalty.judge(&group)[0].value(), Some(-1.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PhrasePenalty;

impl RewardFn for PhrasePenalty {
    fn name(&self) -> &str {
        "phrase_penalty"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let broken = |think: &str| {
            let after = |pad: Pad| {
                after_phrase(think, pad).is_some_and(|rest| run_length(rest, pad.token()) != pad.run())
            };
            Pad::ALL.into_iter().any(after)
        };
        penalty(group, broken, 1.0)
    }
}

/// The text after the first complete phrase of a note: its words with single blanks, then blanks, "is", blanks.
fn after_phrase(text: &str, pad: Pad) -> Option<&str> {
    let phrase = format!("the {} of the image", pad.phrase());
    let mut from = 0;
    while let Some(at) = find_ignore_case(text, &phrase, from) {
        from = at + phrase.len();
        let is = skip_blanks(text, from);
        let word = text.get(is..is + 2).is_some_and(|word| word.eq_ignore_ascii_case("is"));
        let end = if word { skip_blanks(text, is + 2) } else { is };
        if is > from && end > is + 2 {
            return Some(&text[end..]);
        }
    }
    None
}
