//! Lines end where their text ends, and files end with a line.

use crate::{Finding, TextFile};

/// Checks one text file.
pub fn check(file: &TextFile) -> Vec<Finding> {
    let lines = file.text.split('\n').enumerate();
    let mut findings: Vec<Finding> = lines
        .filter(|(_, line)| line.ends_with([' ', '\t', '\r']))
        .map(|(index, _)| {
            Finding::at_line(&file.path, index + 1, "white space at the end of the line", "remove it")
        })
        .collect();
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(Finding::in_file(&file.path, "the last line does not end", "add a line feed"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_blanks_carriage_returns_and_an_open_last_line_fail() {
        let findings = check(&TextFile::new("a.md", "a \nb\r\n\tc"));
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [Some(1), Some(2), None]);
    }

    #[test]
    fn clean_and_empty_files_pass() {
        assert_eq!(check(&TextFile::new("a.md", "a\n\n  b\n")), []);
        assert_eq!(check(&TextFile::new("a.md", "")), []);
    }
}
