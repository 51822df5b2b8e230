//! Every invariant that ARCHITECTURE.md states is guarded by tests that exist.

use std::collections::BTreeSet;

use proc_macro2::TokenTree;

use super::arrows::FILE;
use crate::{Finding, RustFile, table_under};

/// The heading above the table: columns invariant, guarded by.
pub const HEADING: &str = "Invariants";

/// Reports rows whose second column names no test, or one that no file defines.
pub fn check(files: &[RustFile], architecture: &str) -> Vec<Finding> {
    let known: BTreeSet<String> = files.iter().flat_map(fn_names).collect();
    let rows = table_under(architecture, HEADING);
    rows.iter()
        .filter_map(|row| {
            let guards = row.words(1);
            let lost = guards.iter().find(|guard| !known.contains(*guard));
            let found = match lost {
                Some(guard) => format!("the guard {guard} is no function of the repository"),
                None if guards.is_empty() => "an invariant without a guard".to_owned(),
                None => return None,
            };
            Some(Finding::at_line(
                FILE,
                row.line,
                found,
                "name the test that fails when the invariant is broken",
            ))
        })
        .collect()
}

fn fn_names(file: &RustFile) -> Vec<String> {
    let tokens = file.tokens();
    let pairs = tokens.windows(2).filter_map(|pair| match (&pair[0].0, &pair[1].0) {
        (TokenTree::Ident(word), TokenTree::Ident(name)) if word == "fn" => Some(name.to_string()),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TextFile;

    fn found(guards: &str) -> usize {
        let file = RustFile::parse(TextFile::new("a.rs", "#[test]\nfn rows_stay_apart() {}")).unwrap();
        let text =
            format!("# Invariants\n| Invariant | Guard |\n|---|---|\n| rows stay apart | {guards} |\n");
        check(&[file], &text).len()
    }

    #[test]
    fn an_invariant_with_a_living_guard_passes() {
        assert_eq!(found("`rows_stay_apart`"), 0);
    }

    #[test]
    fn an_invariant_without_a_guard_or_with_a_lost_one_fails() {
        assert_eq!(found("review"), 1);
        assert_eq!(found("`rows_stay_apart`, `renamed_test`"), 1);
    }
}
