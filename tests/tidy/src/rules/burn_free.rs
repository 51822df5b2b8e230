//! A package is free of burn exactly where the table under "Arrows" in ARCHITECTURE.md says `never`.

use std::collections::BTreeSet;

use super::arrows::{FILE, HEADING, names};
use crate::{Finding, Lock, Package, Row, table_under};

/// Compares the column "burn" of the table with what each package reaches through its own dependencies (tests and
/// benches left out, dependencies behind features included).
pub fn check(packages: &[Package], lock: &Lock, architecture: &str) -> Vec<Finding> {
    let rows = table_under(architecture, HEADING);
    packages
        .iter()
        .filter_map(|package| {
            let row = rows.iter().find(|row| names(row, package))?;
            verdict(package, row, lock.chain(&reach(package, packages), is_burn))
        })
        .collect()
}

fn is_burn(name: &str) -> bool {
    name == "burn" || name.starts_with("burn-") || name.starts_with("cubecl")
}

fn verdict(package: &Package, row: &Row, chain: Option<Vec<String>>) -> Option<Finding> {
    let at = |found: String, fix: &str| Some(Finding::at_line(FILE, row.line, found, fix));
    match (row.cells.get(3).map(String::as_str), chain) {
        (Some("yes"), Some(_)) | (Some("never"), None) => None,
        (Some("never"), Some(chain)) => at(
            format!("{} must never pull burn in, but reaches {}", package.name, chain.join(" -> ")),
            "drop that dependency, or move the code to a package that uses burn",
        ),
        (Some("yes"), None) => at(format!("{} does not use burn", package.name), "write never"),
        _ => at("the column burn holds neither yes nor never".into(), "write one of the two"),
    }
}

/// Registry packages that `package` uses directly or through packages of the workspace.
fn reach(package: &Package, packages: &[Package]) -> BTreeSet<String> {
    let mut seen = BTreeSet::from([package.name.clone()]);
    let mut todo = vec![package];
    let mut external = BTreeSet::new();
    while let Some(package) = todo.pop() {
        external.extend(package.external.iter().cloned());
        let next = packages.iter().filter(|other| package.uses.contains(&other.name));
        todo.extend(next.filter(|other| seen.insert(other.name.clone())));
    }
    external
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "[[package]]\nname = \"tool\"\ndependencies = [\n \"burn-core\",\n]\n\n\
        [[package]]\nname = \"burn-core\"\n\n[[package]]\nname = \"serde\"\n";

    fn package(name: &str, uses: &[&str], external: &[&str]) -> Package {
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Package { name: name.into(), uses: set(uses), external: set(external), ..Package::default() }
    }

    fn table(burn: &str) -> String {
        format!("# Arrows\n| Package | Uses | Tests | burn |\n|---|---|---|---|\n| `a` | – | – | {burn} |\n")
    }

    #[test]
    fn a_package_that_reaches_burn_through_another_fails_with_the_chain() {
        let packages = [package("a", &["b"], &["serde"]), package("b", &[], &["tool"])];
        let lock = Lock::parse(LOCK).unwrap();
        let findings = check(&packages, &lock, &table("never"));
        assert_eq!(findings.len(), 1);
        assert!(findings[0].found.contains("tool -> burn-core"));
        assert_eq!(check(&packages, &lock, &table("yes")), []);
    }

    #[test]
    fn a_package_free_of_burn_must_be_called_so() {
        let packages = [package("a", &[], &["serde"])];
        let lock = Lock::parse(LOCK).unwrap();
        assert_eq!(check(&packages, &lock, &table("never")), []);
        assert_eq!(check(&packages, &lock, &table("yes")).len(), 1);
        assert_eq!(check(&packages, &lock, &table("perhaps")).len(), 1);
    }
}
