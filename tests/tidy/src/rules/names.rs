//! A file's name says its subject.

use crate::Finding;

const STEMS: [&str; 8] = ["util", "utils", "helper", "helpers", "base", "misc", "common", "stuff"];

/// Checks the path of one file: no name that could hold anything, no folder that is a version of another.
pub fn check(path: &str) -> Option<Finding> {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let fix = "name it after its subject";
    if folders.split('/').any(is_version) {
        return Some(Finding::in_file(path, "a folder named after a version", "say in words what differs"));
    }
    let stem = file.strip_suffix(".rs").or_else(|| file.strip_suffix(".py"))?;
    STEMS.contains(&stem).then(|| Finding::in_file(path, format!("a source file called {stem}"), fix))
}

fn is_version(folder: &str) -> bool {
    let digits = folder.strip_prefix('v').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_hold_anything_fail() {
        for path in
            ["crates/x/src/utils.rs", "src/base.rs", "tests/reference/helpers.py", "crates/x/src/v2/loss.rs"]
        {
            assert!(check(path).is_some(), "{path}");
        }
    }

    #[test]
    fn names_of_subjects_pass() {
        for path in ["crates/x/src/resize.rs", "src/lib.rs", "vision/mod.rs", "README.md", "v/x.rs"] {
            assert_eq!(check(path), None, "{path}");
        }
    }
}
