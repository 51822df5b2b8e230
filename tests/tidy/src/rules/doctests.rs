//! Examples in documentation run: rustdoc never skips one.

use crate::{Finding, TextFile};

/// Reports code blocks marked `ignore` in the doc comments of a Rust file.
pub fn check(file: &TextFile) -> Vec<Finding> {
    let lines = file.text.lines().enumerate();
    lines
        .filter(|(_, line)| is_ignored(line))
        .map(|(index, _)| {
            let fix =
                "let it run, mark it no_run when it needs files or a device, or text when it is not Rust";
            Finding::at_line(&file.path, index + 1, "an example that rustdoc skips", fix)
        })
        .collect()
}

fn is_ignored(line: &str) -> bool {
    let line = line.trim_start();
    let Some(doc) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else { return false };
    let Some(info) = doc.trim_start().strip_prefix("```") else { return false };
    info.split([',', ' ']).any(|word| word.trim().starts_with("ignore"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Option<usize>> {
        check(&TextFile::new("a.rs", text)).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn ignored_examples_fail_in_every_spelling() {
        assert_eq!(lines("//! ```ignore\n//! ```\n"), [Some(1)]);
        assert_eq!(lines("a\n    /// ```rust, ignore\n"), [Some(2)]);
        assert_eq!(lines("/// ```ignore-windows\n"), [Some(1)]);
    }

    #[test]
    fn running_examples_and_prose_about_ignoring_pass() {
        assert_eq!(lines("/// ```\n/// ```\n/// ```no_run\n/// ```\n/// ignore this\n// ```ignore\n"), []);
    }
}
