//! What a rule reports.

use std::fmt;

/// One place where a rule does not hold: where, what was found, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Path from the root of the repository.
    pub file: String,
    /// Line, counted from 1; `None` when the finding is about the file as a whole.
    pub line: Option<usize>,
    /// What was found, with the rule it breaks.
    pub found: String,
    /// What to do about it.
    pub fix: String,
}

impl Finding {
    /// A finding about a whole file.
    pub fn in_file(file: &str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, found: found.into(), fix: fix.into() }
    }

    /// A finding at a line, counted from 1.
    pub fn at_line(file: &str, line: usize, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { file: file.into(), line: Some(line), found: found.into(), fix: fix.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}; {}", self.found, self.fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_place_then_fault_then_remedy() {
        let finding = Finding::at_line("src/a.rs", 7, "a bool parameter", "use an enum");
        assert_eq!(finding.to_string(), "src/a.rs:7: a bool parameter; use an enum");
    }
}
