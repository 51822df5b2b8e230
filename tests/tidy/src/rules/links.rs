//! Links between the documents, and paths that they name, lead somewhere.

use crate::{Finding, TextFile, code_pieces};

/// Folders at the root: a word of code that begins with one of them is a path.
const ROOTS: [&str; 8] = ["benches", "bins", "crates", "data-fixtures", "docs", "examples", "src", "tests"];

/// Reports paths of the repository, in code of a Markdown file at its root, that `exists` denies.
pub fn check_paths(document: &TextFile, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let pieces = code_pieces(&document.text).into_iter();
    let words = pieces.flat_map(|(line, code)| {
        code.split_whitespace().map(|word| (line, word.to_owned())).collect::<Vec<_>>()
    });
    words
        .filter(|(_, word)| is_path(word) && !exists(word))
        .map(|(line, word)| {
            Finding::at_line(
                &document.path,
                line,
                format!("{word} is not in the repository"),
                "mend the path",
            )
        })
        .collect()
}

fn is_path(word: &str) -> bool {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "/._-".contains(sign);
    word.split_once('/').is_some_and(|(root, _)| ROOTS.contains(&root)) && word.chars().all(plain)
}

/// Reports relative links of a Markdown file whose target `exists` denies (paths from the root of the repository).
pub fn check(document: &TextFile, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let lines = document.text.lines().enumerate();
    lines
        .flat_map(|(index, line)| targets(line).map(move |target| (index + 1, target)))
        .filter(|(_, target)| !exists(&resolve(&document.path, target)))
        .map(|(line, target)| {
            Finding::at_line(
                &document.path,
                line,
                format!("a link to {target}, which is not there"),
                "mend the link",
            )
        })
        .collect()
}

/// Targets of `[text](target)` that are files, without their anchors.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| {
            !target.contains("://") && !target.starts_with(['#', '<']) && !target.starts_with("mailto:")
        })
        .filter_map(|target| target.split('#').next())
}

fn resolve(document: &str, target: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_resolved_from_their_own_folder() {
        let document =
            TextFile::new("docs/a.md", "[b](../README.md#top) [c](c.md) [w](https://x.org/y) [t](#t)\n");
        let asked = |path: &str| ["README.md", "docs/c.md"].contains(&path);
        assert_eq!(check(&document, asked), []);
    }

    #[test]
    fn a_dead_link_fails_with_its_line() {
        let findings = check(&TextFile::new("docs/a.md", "\n[b](b.md)\n"), |_| false);
        assert_eq!(findings[0].line, Some(2));
    }

    #[test]
    fn paths_that_are_not_there_fail_and_words_with_a_stroke_pass() {
        let document = TextFile::new(
            "README.md",
            "`src/a.rs` `and/or` src/b.rs\n```\ncat src/b.rs | x docs/*.md\n```\n",
        );
        let findings = check_paths(&document, |path| path == "src/a.rs");
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, Some(3));
    }
}
