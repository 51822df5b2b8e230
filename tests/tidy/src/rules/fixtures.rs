//! Every fixture says where it comes from.

use std::collections::BTreeSet;

use crate::{Finding, Row, table_under};

/// The folder of all fixtures.
pub const FOLDER: &str = "data-fixtures";
/// The file that holds the table.
pub const FILE: &str = "data-fixtures/README.md";
/// The heading above the table: columns place, made by, used by.
pub const HEADING: &str = "Where each fixture comes from";

/// Compares the table with the files below the folder, both ways. A row must name a file of the repository that made what
/// lies in its place, or begin with "by hand" or "recorded" and say more.
pub fn check(paths: &[String], readme: &str) -> Vec<Finding> {
    let rows = table_under(readme, HEADING);
    let mut findings: Vec<Finding> = rows.iter().filter_map(|row| fault(row, paths)).collect();
    let mut seen = BTreeSet::new();
    let bare = fixtures(paths).filter(|path| !rows.iter().any(|row| covers(row, path)));
    findings.extend(bare.filter(|path| seen.insert(folder(path))).map(|path| {
        let fix = format!("name the script that makes it in {FILE}, \"{HEADING}\"");
        Finding::in_file(path, "a fixture of unknown origin", fix)
    }));
    findings
}

fn fixtures(paths: &[String]) -> impl Iterator<Item = &str> {
    let inside = |path: &&str| path.strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with('/'));
    let is_fixture = |path: &&str| !path.ends_with("README.md") && !path.ends_with(".py");
    paths.iter().map(String::as_str).filter(inside).filter(is_fixture)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether the place of a row (a file, or a folder with a closing `/`, below the folder of fixtures) holds a path.
fn covers(row: &Row, path: &str) -> bool {
    let rest = path.strip_prefix(FOLDER).unwrap_or(path).trim_start_matches('/');
    row.words(0).iter().any(|place| match place.ends_with('/') {
        true => rest.starts_with(place.as_str()),
        false => rest == place,
    })
}

fn fault(row: &Row, paths: &[String]) -> Option<Finding> {
    let at = |found: &str, fix: &str| Some(Finding::at_line(FILE, row.line, found, fix));
    if !fixtures(paths).any(|path| covers(row, path)) {
        return at("this row names no fixture", "remove it or mend the place");
    }
    let origin = row.cells.get(1).map(String::as_str).unwrap_or_default();
    let told = ["by hand", "recorded"]
        .iter()
        .any(|word| origin.strip_prefix(word).is_some_and(|rest| rest.len() > 3));
    let script = row.words(1).first().is_some_and(|script| paths.contains(script));
    (!told && !script).then(|| {
        let fix = "name a script of the repository first, or write \"by hand\" or \"recorded\" and from what";
        Finding::at_line(FILE, row.line, "the column \"made by\" names no file of the repository", fix)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readme(row: &str) -> String {
        format!("## {HEADING}\n| Place | Made by | Used by |\n|---|---|---|\n{row}\n")
    }

    fn paths(list: &[&str]) -> Vec<String> {
        list.iter().map(|&path| path.to_owned()).collect()
    }

    #[test]
    fn a_fixture_whose_script_is_in_the_repository_passes() {
        let paths =
            paths(&["data-fixtures/images/a.png", "data-fixtures/README.md", "tests/reference/pixels.py"]);
        assert_eq!(
            check(&paths, &readme("| `images/` | `tests/reference/pixels.py --all` by `x` | |")).len(),
            1
        );
        assert_eq!(check(&paths, &readme("| `images/` | `tests/reference/pixels.py` | |")), []);
        assert_eq!(check(&paths, &readme("| `images/` | recorded from another library | |")), []);
    }

    #[test]
    fn a_fixture_of_unknown_origin_fails_once_per_folder() {
        let paths = paths(&["data-fixtures/a/1.json", "data-fixtures/a/2.json", "data-fixtures/b/1.json"]);
        let findings = check(&paths, &readme("| `b/` | by hand, to be wrong on purpose | |"));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].file, "data-fixtures/a/1.json");
    }

    #[test]
    fn a_row_without_fixtures_or_without_a_script_fails() {
        let paths = paths(&["data-fixtures/a/1.json"]);
        assert_eq!(check(&paths, &readme("| `a/` | someone | |")).len(), 1);
        assert_eq!(
            check(
                &paths,
                &readme("| `a/` | by hand, as a counterexample |\n| `c/` | by hand, as a counterexample |")
            )
            .len(),
            1
        );
    }
}
