//! Every package takes its licence, edition, toolchain and lints from the workspace.

use crate::{Finding, TextFile};

const INHERITED: [&str; 4] = ["version", "edition", "rust-version", "license"];

/// Checks one Cargo.toml that has a `[package]`.
pub fn check(manifest: &TextFile) -> Vec<Finding> {
    let mut findings: Vec<Finding> = INHERITED
        .iter()
        .filter(|key| !section(manifest, "[package]").any(|line| line == format!("{key}.workspace = true")))
        .map(|key| {
            let found = format!("{key} does not come from the workspace");
            Finding::in_file(&manifest.path, found, format!("write {key}.workspace = true under [package]"))
        })
        .collect();
    if !section(manifest, "[lints]").any(|line| line == "workspace = true") {
        let fix = "write workspace = true under [lints]";
        findings.push(Finding::in_file(&manifest.path, "the lints do not come from the workspace", fix));
    }
    findings
}

fn section<'a>(manifest: &'a TextFile, heading: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = manifest.text.lines().map(str::trim);
    lines.skip_while(move |line| *line != heading).skip(1).take_while(|line| !line.starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\n\n\
        [dependencies]\n\n[lints]\nworkspace = true\n";

    #[test]
    fn a_manifest_that_inherits_everything_passes() {
        assert_eq!(check(&TextFile::new("a/Cargo.toml", GOOD)), []);
    }

    #[test]
    fn an_own_licence_and_missing_lints_fail() {
        let bad = GOOD.replace("license.workspace = true", "license = \"MIT\"").replace("[lints]", "[other]");
        let findings = check(&TextFile::new("a/Cargo.toml", &bad));
        assert_eq!(findings.len(), 2);
        assert!(findings[0].found.starts_with("license"));
    }
}
