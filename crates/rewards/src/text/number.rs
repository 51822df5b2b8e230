//! Numbers written in prose.

use super::scan::is_whole_word;

const WORDS: [&str; 21] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

/// Digits a count may have; longer runs are no count.
const MAX_COUNT_DIGITS: usize = 9;

/// The first run of digits, else the earliest whole word from zero to twenty (ignoring case).
///
/// A first run of more than nine digits is no count.
///
/// ```
/// use rewards::first_count;
/// assert_eq!(first_count("someone has Fourteen pens"), Some(14));
/// assert_eq!(first_count("12 of 20"), Some(12));
/// assert_eq!(first_count("1234567890"), None);
/// ```
pub fn first_count(text: &str) -> Option<u64> {
    if let Some(start) = text.find(|c: char| c.is_ascii_digit()) {
        let run = &text[start..];
        let end = run.find(|c: char| !c.is_ascii_digit()).unwrap_or(run.len());
        return run[..end].parse().ok().filter(|_| end <= MAX_COUNT_DIGITS);
    }
    let lower = text.to_lowercase();
    let earliest = |(value, word): (usize, &&str)| {
        let whole = |&(at, found): &(usize, &str)| is_whole_word(&lower, at, at + found.len());
        lower.match_indices(*word).find(whole).map(|(at, _)| (at, value as u64))
    };
    WORDS.iter().enumerate().filter_map(earliest).min().map(|(_, value)| value)
}

/// The first decimal number and the position after it: digits with an optional fraction and a sign directly before.
///
/// ```
/// assert_eq!(rewards::first_decimal("about 2.40 m"), Some((2.4, 10)));
/// assert_eq!(rewards::first_decimal("none"), None);
/// ```
pub fn first_decimal(text: &str) -> Option<(f64, usize)> {
    let bytes = text.as_bytes();
    let digits = bytes.iter().position(u8::is_ascii_digit)?;
    let point = digits > 0 && bytes[digits - 1] == b'.';
    let start = if point { digits - 1 } else { digits };
    let negative =
        start > 0 && bytes[start - 1] == b'-' && !(start > 1 && bytes[start - 2].is_ascii_alphanumeric());
    let mut end = digits + run(&bytes[digits..]);
    if !point && bytes.get(end) == Some(&b'.') {
        let fraction = run(&bytes[end + 1..]);
        end += if fraction > 0 { fraction + 1 } else { 0 };
    }
    let value: f64 = text[start..end].parse().ok()?;
    value.is_finite().then_some((if negative { -value } else { value }, end))
}

fn run(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_digit()).count()
}
