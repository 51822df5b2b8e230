//! Nothing unfinished is committed.

use proc_macro2::{Group, Punct, Spacing, TokenTree};

use crate::{Finding, RustFile, TextFile};

const MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// Reports macros of unfinished code and attributes that silence the warning about dead code, in code and in tests.
pub fn check_code(file: &RustFile) -> Vec<Finding> {
    let tokens = file.tokens();
    let pairs = tokens.windows(2).filter_map(|pair| {
        let (TokenTree::Ident(word), line) = &pair[0] else { return None };
        mark(&word.to_string(), &pair[1].0)
            .map(|(found, fix)| Finding::at_line(&file.path, *line, found, fix))
    });
    pairs.collect()
}

fn mark(word: &str, next: &TokenTree) -> Option<(String, &'static str)> {
    match next {
        TokenTree::Punct(sign) if is_bang(sign) && MACROS.contains(&word) => {
            Some((format!("{word}! in committed code"), "finish it, or return a typed error"))
        }
        TokenTree::Group(group) if matches!(word, "allow" | "expect") && silences_dead_code(group) => {
            Some((format!("{word}(dead_code)"), "remove the code that nothing uses"))
        }
        _ => None,
    }
}

/// Whether a sign calls a macro: the one of `!=` does not.
fn is_bang(sign: &Punct) -> bool {
    sign.as_char() == '!' && sign.spacing() == Spacing::Alone
}

fn silences_dead_code(group: &Group) -> bool {
    group.stream().into_iter().any(|tree| matches!(tree, TokenTree::Ident(word) if word == "dead_code"))
}

/// Reports words that mark work left undone, in any text file.
pub fn check_words(file: &TextFile) -> Vec<Finding> {
    // Written in two halves, so that this file passes its own rule.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME")];
    let lines = file.text.lines().enumerate();
    lines
        .filter_map(|(index, line)| {
            let word = words.iter().find(|word| has_word(line, word))?;
            let fix = "do it now, or open an issue and say in the text what does not stand yet";
            Some(Finding::at_line(&file.path, index + 1, format!("the mark {word}"), fix))
        })
        .collect()
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|sign: char| !sign.is_alphanumeric() && sign != '_').any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Option<usize>> {
        let file = RustFile::parse(TextFile::new("crates/x/src/a.rs", text)).unwrap();
        check_code(&file).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn unfinished_code_fails_even_inside_macros() {
        assert_eq!(lines("fn a() {\n    todo!()\n}"), [Some(2)]);
        assert_eq!(lines("fn a() {\n    assert!(dbg!(true));\n}"), [Some(2)]);
        assert_eq!(lines("#[allow(unused, dead_code)]\nfn a() {}"), [Some(1)]);
        assert_eq!(lines("#![expect(dead_code, reason = \"later\")]"), [Some(1)]);
    }

    #[test]
    fn words_in_strings_and_variables_pass() {
        assert_eq!(lines("fn a() {\n    let todo = \"todo!() dbg!()\";\n    if todo != \"\" {}\n}"), []);
        assert_eq!(lines("#[allow(clippy::indexing_slicing)]\nfn a() {}"), []);
    }

    #[test]
    fn marks_fail_in_prose_and_comments_but_not_inside_longer_words() {
        let mark = concat!("TO", "DO");
        let finding = &check_words(&TextFile::new("a.md", &format!("fine\n<!-- {mark}: more -->\n")))[0];
        assert_eq!(finding.line, Some(2));
        assert_eq!(check_words(&TextFile::new("a.md", &format!("{mark}_LIST and mas{mark}N\n"))), []);
    }
}
