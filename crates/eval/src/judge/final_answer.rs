//! The final answer of a reply that reasons with pictures (CoMT).

use std::sync::LazyLock;

use regex::Regex;

static MARKED: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let pattern = |words: &str| format!(r"(?i){words}\s*(?:is)?\s*[:：]\s*([^\n]*)");
    [pattern(r"final\s+answer"), pattern("answer")].map(|p| Regex::new(&p).expect("a constant pattern"))
});

/// Words that are an answer when exactly one of them occurs.
const BARE: [&str; 6] = ["yes", "no", "true", "false", "a", "b"];

/// Marks that end a turn.
const END_MARKS: [&str; 2] = ["<|im_end|>", "<|endoftext|>"];

/// The answer by the first rule that hits: the rest of the line after "final answer", an optional "is" and a colon; the
/// same after "answer"; the only word that is yes, no, true, false, a or b; the whole text. End marks are cut off first.
///
/// ```
/// use eval::judge::final_answer;
/// assert_eq!(final_answer("So.\nThe final answer is: 70°\nDone"), "70°");
/// assert_eq!(final_answer("The answer is: 3. The final answer is: 4"), "4");
/// assert_eq!(final_answer("I would say yes"), "yes");
/// assert_eq!(final_answer("final answer is 12"), "final answer is 12");
/// ```
pub fn final_answer(reply: &str) -> &str {
    let mut text = reply.trim();
    while let Some(cut) = END_MARKS.iter().find_map(|mark| text.strip_suffix(mark)) {
        text = cut.trim_end();
    }
    let marked = MARKED.iter().find_map(|pattern| pattern.captures(text)?.get(1));
    marked.map(|rest| rest.as_str().trim()).or_else(|| only_bare_word(text)).unwrap_or(text)
}

fn only_bare_word(text: &str) -> Option<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let mut bare = words.filter(|word| BARE.iter().any(|known| word.eq_ignore_ascii_case(known)));
    let first = bare.next()?;
    bare.next().is_none().then_some(first)
}

/// Whether two answers are the same after trimming and reading yes, true and a as "Yes", no, false and b as "No".
///
/// ```
/// use eval::judge::same_final_answer;
/// assert!(same_final_answer("B", "no") && same_final_answer(" 70° ", "70°"));
/// assert!(!same_final_answer("c", "C"));
/// ```
pub fn same_final_answer(answer: &str, gold: &str) -> bool {
    normal(answer) == normal(gold)
}

fn normal(answer: &str) -> &str {
    let answer = answer.trim();
    let is_one_of = |words: [&str; 3]| words.iter().any(|word| answer.eq_ignore_ascii_case(word));
    match answer {
        _ if is_one_of(["yes", "true", "a"]) => "Yes",
        _ if is_one_of(["no", "false", "b"]) => "No",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_examples_hold() {
        let cases = [
            ("So.\nThe final answer is: 70°\nDone", "70°", "70°"),
            ("Answer: B", "B", "No"),
            ("Final Answer：true", "true", "Yes"),
            ("I would say yes", "yes", "Yes"),
            ("it is a cat", "a", "Yes"),
            ("final answer is 12", "final answer is 12", "final answer is 12"),
            ("The answer is: 3. The final answer is: 4", "4", "4"),
            ("final answer is: C<|im_end|>", "C", "C"),
            ("Final answer:\n 42", "42", "42"),
            ("", "", ""),
        ];
        for (reply, answer, normalised) in cases {
            assert_eq!(final_answer(reply), answer, "{reply:?}");
            assert_eq!(normal(final_answer(reply)), normalised, "{reply:?}");
        }
    }

    #[test]
    fn two_bare_words_leave_the_whole_text() {
        assert_eq!(final_answer("yes or no"), "yes or no");
    }
}
