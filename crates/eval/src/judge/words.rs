//! Whole words in a reply.

/// Whether `answer` occurs in `reply` with no letter or digit on either side, case aside. An empty answer never does.
///
/// ```
/// use eval::judge::contains_words;
/// assert!(contains_words("It is a Red Circle.", "red circle"));
/// assert!(!contains_words("predicted", "red"));
/// assert!(!contains_words("anything", " "));
/// ```
pub fn contains_words(reply: &str, answer: &str) -> bool {
    let (reply, answer) = (reply.to_lowercase(), answer.trim().to_lowercase());
    let alone = |at: usize| {
        let before = reply[..at].chars().next_back();
        let after = reply[at + answer.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    !answer.is_empty() && reply.match_indices(&answer).any(|(at, _)| alone(at))
}
