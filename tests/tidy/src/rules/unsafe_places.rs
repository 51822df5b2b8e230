//! `unsafe` stands only in the places that the table under "Unsafe code" in ARCHITECTURE.md lists.

use proc_macro2::TokenTree;

use super::arrows::FILE;
use crate::{Finding, Row, RustFile, table_under};

/// The heading above the table; its first column holds a file, or a folder with a closing `/`.
pub const HEADING: &str = "Unsafe code";

/// Compares the table with the files that hold the keyword, both ways.
pub fn check(files: &[RustFile], architecture: &str) -> Vec<Finding> {
    let rows = table_under(architecture, HEADING);
    let users: Vec<(&str, usize)> = files.iter().filter_map(first_use).collect();
    let mut findings: Vec<Finding> = users
        .iter()
        .filter(|(path, _)| !rows.iter().any(|row| covers(row, path)))
        .map(|&(path, line)| {
            let fix = format!("write it without, or add the place and the reason to {FILE}, \"{HEADING}\"");
            Finding::at_line(path, line, "unsafe outside the listed places", fix)
        })
        .collect();
    findings.extend(
        rows.iter().filter(|row| !users.iter().any(|(path, _)| covers(row, path))).map(|row| {
            Finding::at_line(FILE, row.line, "no file of this row holds unsafe", "remove the row")
        }),
    );
    findings
}

fn first_use(file: &RustFile) -> Option<(&str, usize)> {
    let tokens = file.tokens();
    let found = tokens.iter().find(|(tree, _)| matches!(tree, TokenTree::Ident(word) if word == "unsafe"));
    found.map(|(_, line)| (file.path.as_str(), *line))
}

fn covers(row: &Row, path: &str) -> bool {
    row.words(0).iter().any(|place| match place.ends_with('/') {
        true => path.starts_with(place.as_str()),
        false => path == place,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TextFile;

    const TABLE: &str = "# Unsafe code\n| Place | Why |\n|---|---|\n| `crates/k/src/simd/` | speed |\n";

    fn file(path: &str, text: &str) -> RustFile {
        RustFile::parse(TextFile::new(path, text)).unwrap()
    }

    #[test]
    fn unsafe_in_a_listed_place_passes_and_elsewhere_fails() {
        let inside = file("crates/k/src/simd/dot.rs", "fn a() { unsafe { b() } }");
        let outside = file("crates/k/src/lib.rs", "// unsafe\n\nunsafe fn a() {}");
        assert_eq!(check(&[inside], TABLE), []);
        let findings = check(&[file("crates/k/src/simd/dot.rs", "unsafe fn a() {}"), outside], TABLE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, Some(3));
    }

    #[test]
    fn a_listed_place_without_unsafe_fails() {
        let findings = check(&[file("crates/k/src/lib.rs", "// unsafe in words\n")], TABLE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, Some(4));
    }
}
