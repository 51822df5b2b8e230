//! Commands that the documents tell a reader to type exist.

use crate::{Finding, TextFile, code_pieces};

/// Reports `make TARGET` in code of a Markdown file where the Makefile has no such target.
pub fn check(document: &TextFile, makefile: &str) -> Vec<Finding> {
    let targets = targets(makefile);
    make_commands(&document.text)
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

/// Commands that begin with make, with their lines.
fn make_commands(text: &str) -> Vec<(usize, String)> {
    let pieces = code_pieces(text).into_iter().flat_map(|(line, code)| {
        let command = code.split('#').next().unwrap_or_default().to_owned();
        command.split("&&").map(|part| (line, part.trim().to_owned())).collect::<Vec<_>>()
    });
    pieces.filter(|(_, command)| command.starts_with("make ")).collect()
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
