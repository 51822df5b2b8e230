//! Which letters are options, and the searches that every parser shares.

use crate::text::scan::{before, skip_blanks};

/// The option letters, from A to a last one.
///
/// ```
/// use rewards::LetterRange;
/// assert!(LetterRange::A_TO_E.contains('e'));
/// assert!(!LetterRange::A_TO_E.contains('F'));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LetterRange {
    pub(super) last: u8,
}

impl LetterRange {
    /// Five options.
    pub const A_TO_E: Self = Self { last: b'E' };
    /// Eight options.
    pub const A_TO_H: Self = Self { last: b'H' };

    /// From A to `last`, in either case; `None` when that is no ASCII letter.
    ///
    /// ```
    /// use rewards::LetterRange;
    /// assert_eq!(LetterRange::up_to('e'), Some(LetterRange::A_TO_E));
    /// assert_eq!(LetterRange::up_to('4'), None);
    /// ```
    pub fn up_to(last: char) -> Option<Self> {
        last.is_ascii_alphabetic().then(|| Self { last: last.to_ascii_uppercase() as u8 })
    }

    /// Whether the letter, in either case, is an option.
    ///
    /// ```
    /// assert!(rewards::LetterRange::A_TO_H.contains('h'));
    /// ```
    pub fn contains(self, letter: char) -> bool {
        u8::try_from(letter).is_ok_and(|byte| self.option(byte).is_some())
    }

    /// The option for a byte of either case.
    pub(crate) fn option(self, byte: u8) -> Option<char> {
        let upper = byte.to_ascii_uppercase();
        (b'A'..=self.last).contains(&upper).then_some(upper as char)
    }

    /// The option for a byte of the given case.
    pub(crate) fn option_in(self, byte: u8, case: Case) -> Option<char> {
        self.option(byte).filter(|_| case == Case::Either || byte.is_ascii_uppercase())
    }
}

/// Which case a letter must have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Upper,
    Either,
}

/// The one letter that `text` consists of, blanks trimmed.
pub(crate) fn sole(text: &str, range: LetterRange) -> Option<char> {
    match text.trim().as_bytes() {
        [byte] => range.option(*byte),
        _ => None,
    }
}

/// The last `$\boxed{X}$`.
pub(crate) fn boxed(text: &str, range: LetterRange) -> Option<char> {
    const OPEN: &str = r"$\boxed{";
    let letter = |at: usize| {
        let rest = &text.as_bytes()[at + OPEN.len()..];
        rest.first().and_then(|&b| range.option(b)).filter(|_| rest[1..].starts_with(b"}$"))
    };
    text.rmatch_indices(OPEN).find_map(|(at, _)| letter(at))
}

/// The last letter, not preceded by a letter, that a dot follows.
pub(crate) fn before_dot(text: &str, range: LetterRange, case: Case) -> Option<char> {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().rev().filter(|(_, b)| **b == b'.').find_map(|(dot, _)| {
        let end = text[..dot].trim_end().len();
        let at = end.checked_sub(1)?;
        range
            .option_in(bytes[at], case)
            .filter(|_| !before(text, at).is_some_and(|b| b.is_ascii_alphabetic()))
    })
}

/// The last letter with no letter on either side.
pub(crate) fn isolated(text: &str, range: LetterRange, case: Case) -> Option<char> {
    let bytes = text.as_bytes();
    (0..bytes.len()).rev().find_map(|at| {
        let option = range.option_in(bytes[at], case)?;
        let alone = !before(text, at).is_some_and(|b| b.is_ascii_alphabetic())
            && !bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic);
        alone.then_some(option)
    })
}

/// The letter at `at` after blanks, with the position after it.
pub(crate) fn after_blanks(text: &str, at: usize, range: LetterRange) -> Option<(char, usize)> {
    let at = skip_blanks(text, at);
    let option = text.as_bytes().get(at).and_then(|&b| range.option(b))?;
    Some((option, at + 1))
}
