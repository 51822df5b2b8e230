//! Every algorithm of `rl-algos` shows its equation.

use syn::{Item, Visibility};

use crate::{Finding, RustFile};

/// The folder of the library whose files the rule is about.
pub const FOLDER: &str = "crates/rl-algos/src";

/// The folder of the traits and data through which the algorithms meet a model.
const ROLLOUT: &str = "rollout/";

/// Whether a file belongs to the algorithms: it lies in a folder of the library, is not the folder's index and not
/// about rollouts.
pub fn is_algorithm(path: &str) -> bool {
    let inside = path.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/'));
    let inside = inside.filter(|rest| !rest.starts_with(ROLLOUT));
    inside.is_some_and(|rest| rest.contains('/') && rest.ends_with(".rs") && !rest.ends_with("mod.rs"))
}

/// Reports a file that offers a public function or struct but has no equation in its documentation: a line of a doc
/// comment, outside its examples, with an equals sign between blanks. An enum that chooses among other files needs none.
pub fn check(file: &RustFile) -> Option<Finding> {
    let offers = file.syntax().items.iter().any(is_public);
    (offers && !shows_equation(&file.text)).then(|| {
        let fix = "document the formula, its symbols and its paper; a file without an algorithm belongs beside lib.rs";
        Finding::in_file(&file.path, "an algorithm without its equation", fix)
    })
}

fn is_public(item: &Item) -> bool {
    let visibility = match item {
        Item::Fn(item) => &item.vis,
        Item::Struct(item) => &item.vis,
        _ => return false,
    };
    matches!(visibility, Visibility::Public(_))
}

fn shows_equation(text: &str) -> bool {
    let mut example = false;
    let docs = text.lines().map(str::trim_start).filter_map(|line| {
        let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?;
        Some(doc.trim())
    });
    docs.into_iter().any(|doc| {
        if doc.starts_with("```") {
            example = !example;
        }
        !example && doc.contains(" = ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TextFile;

    fn fails(text: &str) -> bool {
        check(&RustFile::parse(TextFile::new("a.rs", text)).unwrap()).is_some()
    }

    #[test]
    fn an_equation_in_the_documentation_passes() {
        assert!(!fails("/// The mean.\n///\n/// μ = Σᵢ rᵢ / G\npub fn mean() {}\n"));
        assert!(!fails("//! # Equation\n//! Aᵢ = rᵢ − μ\n\nmod inner {\n    //! b\n}\npub struct Mean;\n"));
    }

    #[test]
    fn an_equation_only_in_code_or_comments_fails() {
        assert!(fails("/// The mean.\n/// ```\n/// let a = 1;\n/// ```\npub fn mean() {}\n"));
        assert!(fails("// μ = Σᵢ rᵢ / G\npub fn mean() {}\n"));
    }

    #[test]
    fn a_file_that_only_chooses_or_offers_nothing_needs_none() {
        assert!(!fails("/// Which one.\npub enum Kind {\n    /// The mean.\n    Mean,\n}\n"));
        assert!(!fails("pub(super) fn mean() {}\n"));
    }

    #[test]
    fn algorithms_are_the_files_in_folders() {
        assert!(is_algorithm("crates/rl-algos/src/loss/ppo.rs"));
        assert!(!is_algorithm("crates/rl-algos/src/loss/mod.rs"));
        assert!(!is_algorithm("crates/rl-algos/src/policy.rs"));
        assert!(!is_algorithm("crates/rl-algos/src/rollout/policy.rs"));
    }
}
