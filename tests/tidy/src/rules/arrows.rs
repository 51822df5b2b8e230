//! Packages use each other exactly as the table under "Arrows" in ARCHITECTURE.md says.

use std::collections::BTreeSet;

use crate::{Finding, Package, Row, table_under};

/// The file that holds the table.
pub const FILE: &str = "ARCHITECTURE.md";
/// The heading above the table: columns package, uses, its tests also use, burn.
pub const HEADING: &str = "Arrows";

/// Compares the table in the text of ARCHITECTURE.md with the packages of the workspace, both ways.
pub fn check(packages: &[Package], architecture: &str) -> Vec<Finding> {
    let rows = table_under(architecture, HEADING);
    let mut findings: Vec<Finding> = packages.iter().filter_map(|package| differs(package, &rows)).collect();
    findings.extend(rows.iter().filter(|row| !packages.iter().any(|package| names(row, package))).map(
        |row| {
            Finding::at_line(
                FILE,
                row.line,
                "this row names no package of the workspace",
                "remove it or mend the name",
            )
        },
    ));
    findings
}

/// Whether a row is about a package.
pub(super) fn names(row: &Row, package: &Package) -> bool {
    row.words(0) == [package.name.as_str()]
}

fn differs(package: &Package, rows: &[Row]) -> Option<Finding> {
    let written = |row: &Row, cell: usize| row.words(cell).into_iter().collect::<BTreeSet<_>>();
    let fix = format!(
        "if the new arrow is meant, write this row and give the reason in the commit: {}",
        row_for(package)
    );
    let Some(row) = rows.iter().find(|row| names(row, package)) else {
        let found = format!("package {} has no row under \"{HEADING}\"", package.name);
        return Some(Finding::in_file(FILE, found, fix));
    };
    let same = written(row, 1) == package.uses && written(row, 2) == package.tests_use;
    let found = format!("the row of {} is not what {} says", package.name, package.manifest);
    (!same).then(|| Finding::at_line(FILE, row.line, found, fix))
}

fn row_for(package: &Package) -> String {
    let list = |names: &BTreeSet<String>| match names.is_empty() {
        true => "–".to_owned(),
        false => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    format!("| `{}` | {} | {} | … |", package.name, list(&package.uses), list(&package.tests_use))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "## Arrows\n\n| Package | Uses | Tests | burn |\n|---|---|---|---|\n\
        | `low` | – | – | never |\n| `high` | `low` | – | yes |\n";

    fn package(name: &str, uses: &[&str]) -> Package {
        let uses = uses.iter().map(|&name| name.to_owned()).collect();
        Package { name: name.into(), uses, ..Package::default() }
    }

    #[test]
    fn a_table_that_tells_the_truth_passes() {
        assert_eq!(check(&[package("low", &[]), package("high", &["low"])], TABLE), []);
    }

    #[test]
    fn a_new_arrow_fails_and_the_message_holds_the_row_to_write() {
        let findings = check(&[package("low", &["high"]), package("high", &["low"])], TABLE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, Some(5));
        assert!(findings[0].fix.contains("| `low` | `high` | – | … |"), "{}", findings[0]);
    }

    #[test]
    fn a_package_without_a_row_and_a_row_without_a_package_fail() {
        let findings = check(&[package("low", &[]), package("new", &[])], TABLE);
        assert_eq!(findings.len(), 2);
        assert!(findings[0].found.contains("package new"));
        assert_eq!(findings[1].line, Some(6));
    }
}
