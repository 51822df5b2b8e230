//! Commands that the documents tell a reader to type exist.

use crate::{Finding, TextFile};

/// Reports `make TARGET` in code of a Markdown file where the Makefile has no such target.
pub fn check(document: &TextFile, makefile: &str) -> Vec<Finding> {
    let targets = targets(makefile);
    code(&document.text)
        .into_iter()
        .filter_map(|(line, code)| {
            let target = make_target(&code)?;
            let found = format!("make {target}, which the Makefile does not have");
            (!targets.contains(&target))
                .then(|| Finding::at_line(&document.path, line, found, "add the target or mend the text"))
        })
        .collect()
}

fn targets(makefile: &str) -> Vec<&str> {
    let rules =
        makefile.lines().filter(|line| !line.starts_with(['\t', '#', '.', ' ']) && !line.contains(":="));
    rules.filter_map(|line| line.split_once(':')).flat_map(|(names, _)| names.split_whitespace()).collect()
}

fn make_target(code: &str) -> Option<&str> {
    let mut words = code.split_whitespace().skip_while(|word| *word != "make").skip(1);
    words.find(|word| !word.contains('=') && !word.starts_with('-'))
}

/// Pieces of code with their lines: fenced lines without their comments, and words in backticks.
fn code(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut pieces = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line_number = index + 1;
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            let command = line.split('#').next().unwrap_or_default();
            pieces.extend(command.split("&&").map(|part| (line_number, part.trim().to_owned())));
        } else {
            pieces.extend(crate::code_words(line).into_iter().map(|word| (line_number, word)));
        }
    }
    pieces.retain(|(_, code)| code.starts_with("make "));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAKEFILE: &str = "CARGO := cargo\n.PHONY: test\ntest: fmt ## all\n\tmake nothing:\nfmt bench:\n";

    fn lines(text: &str) -> Vec<Option<usize>> {
        check(&TextFile::new("README.md", text), MAKEFILE).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn known_targets_pass() {
        assert_eq!(
            lines("Type `make test`.\n```\ncd x && make bench # make it fast\nV=1 make nothing\n```\n"),
            []
        );
    }

    #[test]
    fn unknown_targets_fail_with_their_line() {
        assert_eq!(lines("Type `make tests`.\n```\ncd x && make -j2 A=1 demo\n```\n"), [Some(1), Some(3)]);
    }
}
