//! Why a group has no spread: the answer to "why is my loss zero?".

use std::fmt;

use crate::set::Judged;
use crate::{Finite, Outcome, Role, UnparsedKind};

/// Whether the totals of a group differ, and if not, why.
#[derive(Clone, Debug, PartialEq)]
pub enum Spread {
    /// At least two totals differ.
    Varied,
    /// Every total is the same: the group teaches nothing.
    Zero(ZeroSpread),
}

/// The reason for equal totals. `Display` gives it as one short sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ZeroSpread {
    /// Fewer than two completions have a total.
    TooFew {
        /// Completions with a total.
        scored: usize,
        /// Completions in the group.
        of: usize,
    },
    /// A correctness reward gave every completion the same verdict.
    SameVerdict {
        /// Right completions.
        correct: usize,
        /// Completions with a total.
        of: usize,
        /// Completions that could not be read.
        unparsed: usize,
        /// The first reason why one could not be read.
        kind: Option<UnparsedKind>,
    },
    /// No correctness reward explains it: all totals are this number.
    SameTotal {
        /// The common total.
        total: Finite,
        /// Completions with a total.
        of: usize,
    },
}

impl fmt::Display for ZeroSpread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { scored, of } => write!(f, "only {scored} of {of} scored"),
            Self::SameVerdict { correct, of, unparsed: 0, .. } => write!(f, "{correct} of {of} correct"),
            Self::SameVerdict { correct, of, unparsed, kind } => {
                write!(f, "{correct} of {of} correct, {unparsed} unparsed")?;
                kind.map_or(Ok(()), |kind| write!(f, " ({kind})"))
            }
            Self::SameTotal { total, of } => write!(f, "{of} of {of} scored {}", total.get()),
        }
    }
}

pub(crate) fn of(totals: &[Option<Finite>], judged: &[Judged]) -> Spread {
    let scored: Vec<Finite> = totals.iter().flatten().copied().collect();
    let Some((&first, rest)) = scored.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return Spread::Zero(ZeroSpread::TooFew { scored: scored.len(), of: totals.len() });
    };
    if rest.iter().any(|&total| total != first) {
        return Spread::Varied;
    }
    let verdict =
        judged.iter().filter(|j| j.role == Role::Correctness).find_map(|j| same_verdict(totals, &j.outcomes));
    Spread::Zero(verdict.unwrap_or(ZeroSpread::SameTotal { total: first, of: scored.len() }))
}

fn same_verdict(totals: &[Option<Finite>], outcomes: &[Outcome]) -> Option<ZeroSpread> {
    let scored = || totals.iter().zip(outcomes).filter_map(|(total, outcome)| total.map(|_| outcome));
    let of = scored().count();
    let correct = scored().filter(|o| o.value() == Some(1.0)).count();
    let kinds: Vec<UnparsedKind> = scored().filter_map(unparsed).collect();
    let wrong = scored().filter(|o| o.value() == Some(0.0)).count() + kinds.len();
    (correct == of || wrong == of).then(|| ZeroSpread::SameVerdict {
        correct,
        of,
        unparsed: kinds.len(),
        kind: kinds.first().copied(),
    })
}

fn unparsed(outcome: &Outcome) -> Option<UnparsedKind> {
    match outcome {
        Outcome::Unparsed(kind) => Some(*kind),
        _ => None,
    }
}
