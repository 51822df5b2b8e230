//! The seventeen spatial relations that texts are searched for.

use crate::text::scan::contains_words;

pub(super) const RELATIONS: [&str; 17] = [
    "left",
    "right",
    "above",
    "below",
    "in front of",
    "behind",
    "inside",
    "outside",
    "on",
    "under",
    "next to",
    "near",
    "far from",
    "between",
    "among",
    "around",
    "through",
];

/// When a relation counts as said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RelationMatch {
    /// As whole words.
    #[default]
    Words,
    /// Anywhere, as published: "on" fires in "front" and "stone".
    Substring,
}

/// Which relations a lower-cased text names, as a set of bits.
pub(super) fn named(text: &str, rule: RelationMatch) -> u32 {
    let occurs = |relation: &str| match rule {
        RelationMatch::Words => contains_words(text, relation),
        RelationMatch::Substring => text.contains(relation),
    };
    RELATIONS
        .iter()
        .enumerate()
        .filter(|(_, relation)| occurs(relation))
        .fold(0, |bits, (at, _)| bits | 1 << at)
}
