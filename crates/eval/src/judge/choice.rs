//! The letter of a reply that was asked for a letter.

/// The option a reply names, by the first rule that finds one: the reply is the text of exactly one option; a letter in
/// round brackets (at the start, else the last one); a letter at the start that the end, `)`, `.`, `:` or a blank follows;
/// "answer is X" (the last one). Letters count in either case, and only those that have an option.
///
/// The published order tries the text last, which reads the reply "a chair" as option A; the order here differs for such
/// replies alone.
///
/// ```
/// use eval::judge::choice_letter;
/// let options = ["one", "two", "three", "four"].map(String::from);
/// assert_eq!(choice_letter("(C)", &options), Some('C'));
/// assert_eq!(choice_letter("b) two", &options), Some('B'));
/// assert_eq!(choice_letter("The answer is D.", &options), Some('D'));
/// assert_eq!(choice_letter("Because", &options), None);
/// assert_eq!(choice_letter("two", &options), Some('B'));
/// ```
pub fn choice_letter(reply: &str, options: &[String]) -> Option<char> {
    let reply = reply.trim();
    let letter = |c: char| {
        let upper = c.to_ascii_uppercase();
        let known = upper.is_ascii_uppercase() && usize::from(upper as u8 - b'A') < options.len();
        known.then_some(upper)
    };
    by_text(reply, options)
        .or_else(|| in_brackets(reply, letter))
        .or_else(|| at_start(reply, letter))
        .or_else(|| after_phrase(reply, letter))
}

fn by_text(reply: &str, options: &[String]) -> Option<char> {
    let plain = |text: &str| text.trim().trim_end_matches('.').to_lowercase();
    let reply = plain(reply);
    let mut same = options.iter().zip('A'..='Z').filter(|(option, _)| plain(option) == reply);
    let (_, letter) = same.next().filter(|_| !reply.is_empty())?;
    same.next().is_none().then_some(letter)
}

fn in_brackets(reply: &str, letter: impl Fn(char) -> Option<char>) -> Option<char> {
    let after = |at: usize| {
        let mut rest = reply[at + 1..].chars();
        rest.next().and_then(&letter).filter(|_| rest.next() == Some(')'))
    };
    let first = reply.starts_with('(').then(|| after(0)).flatten();
    first.or_else(|| reply.match_indices('(').filter_map(|(at, _)| after(at)).next_back())
}

fn at_start(reply: &str, letter: impl Fn(char) -> Option<char>) -> Option<char> {
    let mut chars = reply.chars();
    let first = chars.next().and_then(letter)?;
    chars.next().is_none_or(|next| next.is_whitespace() || matches!(next, ')' | '.' | ':')).then_some(first)
}

fn after_phrase(reply: &str, letter: impl Fn(char) -> Option<char>) -> Option<char> {
    const PHRASE: &str = "answer is";
    let lower = reply.to_ascii_lowercase();
    let found = |at: usize| {
        let rest = &reply[at + PHRASE.len()..];
        let mut chars =
            rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '*')).chars();
        let option = chars.next().and_then(&letter)?;
        let separated = !rest.starts_with(char::is_alphanumeric);
        (separated && !chars.next().is_some_and(char::is_alphanumeric)).then_some(option)
    };
    lower.match_indices(PHRASE).filter_map(|(at, _)| found(at)).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reply: &str) -> Option<char> {
        choice_letter(reply, &["one", "two", "a chair", "four"].map(String::from))
    }

    #[test]
    fn letters_are_read_by_the_published_rules() {
        let cases = [
            ("(C)", Some('C')),
            ("B", Some('B')),
            ("b) two", Some('B')),
            ("The answer is D.", Some('D')),
            ("Because", None),
            ("two", Some('B')),
            ("Two.", Some('B')),
            ("Not (A), so it is (D)", Some('D')),
            ("(B) because (A) is too small", Some('B')),
            ("A: one", Some('A')),
            ("E", None),
            ("(E)", None),
            ("The answer is **C**", Some('C')),
            ("The answer is clear", None),
            ("a chair", Some('C')),
            ("", None),
            ("答案是B", None),
        ];
        for (reply, expected) in cases {
            assert_eq!(read(reply), expected, "{reply:?}");
        }
    }

    #[test]
    fn two_options_of_one_text_are_no_answer() {
        assert_eq!(choice_letter("yes", &["yes".to_owned(), "yes".to_owned()]), None);
    }
}
