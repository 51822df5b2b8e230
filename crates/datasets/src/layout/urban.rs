//! UrbanVideo-Bench writes a question and its options into one text.

use crate::raw_row::quoted;
use crate::row_error::{Checked, Fault};

/// The question, and the options in order.
///
/// The question is what follows the first `Question:`, if there is one, up to the first `Choices:`, `Choice:` or
/// `Options:`, or without any of them up to the first option. In the rest, options begin at `A.`, then at the next `B.` behind it, up to `H.`; such a mark stands at the start or behind
/// white space, and white space follows it.
pub(crate) fn split_question(text: &str) -> Checked<(String, Vec<String>)> {
    let body = heading(text, &["question"]).map_or(text, |(_, end)| &text[end..]);
    let (question, rest) = match heading(body, &["choices", "choice", "options"]) {
        Some((start, end)) => (&body[..start], &body[end..]),
        None => body.split_at(option_mark(body, b'A', 0).unwrap_or(body.len())),
    };
    let mut marks = Vec::new();
    let mut from = 0;
    for letter in b'A'..=b'H' {
        let Some(at) = option_mark(rest, letter, from) else { break };
        marks.push(at);
        from = at + 2;
    }
    if marks.len() < 2 || question.trim().is_empty() {
        let expected = "a question and at least the options \"A. …\" and \"B. …\"";
        return Err(Fault::unexpected("question", quoted(text), expected));
    }
    let ends = marks.iter().skip(1).copied().chain([rest.len()]);
    let options =
        marks.iter().zip(ends).map(|(&start, end)| rest[start + 2..end].trim().to_owned()).collect();
    Ok((question.trim().to_owned(), options))
}

/// Where the first of `words` followed by a colon begins and ends; blanks may stand before the colon.
fn heading(text: &str, words: &[&str]) -> Option<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let of = |word: &&str| {
        lower.match_indices(*word).find_map(|(at, _)| {
            let rest = &text[at + word.len()..];
            let colon = rest.trim_start_matches([' ', '\t']);
            colon.starts_with(':').then(|| (at, text.len() - colon.len() + 1))
        })
    };
    words.iter().filter_map(of).min()
}

fn option_mark(text: &str, letter: u8, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    (from..bytes.len().saturating_sub(1)).find(|&at| {
        let begins = at == 0 || bytes[at - 1].is_ascii_whitespace();
        let ends = bytes.get(at + 2).is_none_or(u8::is_ascii_whitespace);
        bytes[at] == letter && bytes[at + 1] == b'.' && begins && ends
    })
}

#[cfg(test)]
mod tests {
    use super::split_question;

    #[test]
    fn question_and_options_come_apart() {
        let text = "Question: Can you still reach the U.S. shop?\nChoices: A. Yes. \n B. No, plan B. fails ";
        let (question, options) = split_question(text).unwrap();
        assert_eq!(question, "Can you still reach the U.S. shop?");
        assert_eq!(options, ["Yes.", "No, plan B. fails"]);
        let (question, options) = split_question("Where? OPTIONS :\nA. here\nB. there\nC. nowhere").unwrap();
        assert_eq!((question.as_str(), options.len()), ("Where?", 3));
        for text in ["Question: Where?\nChoice: A. here\n B. there", "Where? A. here B. there"] {
            let (question, options) = split_question(text).unwrap();
            assert_eq!((question.as_str(), options), ("Where?", vec!["here".to_owned(), "there".to_owned()]));
        }
    }

    #[test]
    fn a_text_without_two_options_is_refused() {
        for text in ["", "Question: Where?", "Where? Choices: A. here", "Choices: A. x B. y", "A. x B. y"] {
            assert!(split_question(text).is_err(), "{text}");
        }
    }
}
