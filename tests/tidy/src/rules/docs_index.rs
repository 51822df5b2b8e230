//! Every page below `docs` can be found from its index.

use crate::Finding;

/// The index.
pub const FILE: &str = "docs/README.md";

/// Reports Markdown files below `docs` to which the text of the index has no link.
pub fn check(paths: &[String], index: &str) -> Vec<Finding> {
    let pages =
        paths.iter().filter_map(|path| path.strip_prefix("docs/")).filter(|page| page.ends_with(".md"));
    pages
        .filter(|page| *page != "README.md" && !index.contains(&format!("]({page})")))
        .map(|page| {
            let fix = format!("add a row for it to {FILE}");
            Finding::in_file(&format!("docs/{page}"), "a page that the index does not know", fix)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_in_the_index_pass_and_others_fail() {
        let paths =
            ["docs/README.md", "docs/speed.md", "docs/plot.svg", "docs/algorithms/ppo.md"].map(str::to_owned);
        assert_eq!(check(&paths, "[speed](speed.md) [ppo](algorithms/ppo.md)"), []);
        let findings = check(&paths, "[speed](speed.md), ppo.md");
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].file, "docs/algorithms/ppo.md");
    }
}
