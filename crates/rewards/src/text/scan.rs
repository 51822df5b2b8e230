//! Small searches on bytes that never allocate. All letters meant here are ASCII, so byte positions stay on
//! character boundaries.

/// Position of `needle` at or after `from`, ignoring ASCII case.
pub(crate) fn find_ignore_case(text: &str, needle: &str, from: usize) -> Option<usize> {
    let first = *needle.as_bytes().first()?;
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let (bytes, length) = (text.as_bytes(), needle.len());
    let mut at = from;
    while at + length <= bytes.len() {
        // A sign has no case, and the search for one character of a string is the fastest there is.
        at += match lower == upper {
            true => text.get(at..)?.find(first as char)?,
            false => bytes[at..].iter().position(|b| *b == lower || *b == upper)?,
        };
        if bytes.get(at..at + length)?.eq_ignore_ascii_case(needle.as_bytes()) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// All positions of `needle`, ignoring ASCII case, in order, not overlapping.
pub(crate) fn matches_ignore_case<'t>(text: &'t str, needle: &'t str) -> impl Iterator<Item = usize> + 't {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = find_ignore_case(text, needle, from)?;
        from = at + needle.len();
        Some(at)
    })
}

/// The first position at or after `from` that holds no blank.
pub(crate) fn skip_blanks(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or("");
    from + (rest.len() - rest.trim_start().len())
}

/// The byte before `at`, when there is one.
pub(crate) fn before(text: &str, at: usize) -> Option<u8> {
    at.checked_sub(1).map(|i| text.as_bytes()[i])
}

/// Whether `at` begins a word: no ASCII letter or digit stands before it.
pub(crate) fn starts_word(text: &str, at: usize) -> bool {
    !before(text, at).is_some_and(|b| b.is_ascii_alphanumeric())
}

/// Whether the word ends at `at`: no ASCII letter or digit stands there.
pub(crate) fn ends_word(text: &str, at: usize) -> bool {
    !text.as_bytes().get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether `text[at..end]` is a whole word, with no letter or digit of any script on either side.
pub(crate) fn is_whole_word(text: &str, at: usize, end: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[end..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

/// Whether `words` occurs in `text` as whole words.
pub(crate) fn contains_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, found)| is_whole_word(text, at, at + found.len()))
}
