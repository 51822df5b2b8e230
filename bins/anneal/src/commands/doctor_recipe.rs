//! Which training a recipe is meant for.

use crate::args::DoctorArgs;
use recipe::{Kind, Recipe, RecipeError};
use std::fmt;
use std::path::{Path, PathBuf};
use trainer::session::Rehearsal;

/// A recipe as what it is meant for.
pub(super) struct Meant {
    pub(super) recipe: Recipe,
    file: PathBuf,
    /// What its keys would do for too.
    others: Vec<Kind>,
}

impl Meant {
    /// The recipe as the kind that was named, or as the one that it does for.
    pub(super) fn read(args: &DoctorArgs, file: &Path) -> Result<Self, RecipeError> {
        let mut fitting = match args.kind {
            Some(kind) => vec![Recipe::load(kind.into(), file, &args.set)?],
            None => Recipe::load_any(file, &args.set)?,
        };
        let recipe = fitting.remove(if fitting.len() > 1 { likeliest(&fitting, file) } else { 0 });
        Ok(Self { recipe, file: file.to_owned(), others: fitting.iter().map(Recipe::kind).collect() })
    }
}

impl fmt::Display for Meant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.recipe.kind(), self.file.display())?;
        let others: Vec<&str> = self.others.iter().map(|kind| kind.name()).collect();
        if others.is_empty() {
            return Ok(());
        }
        write!(f, "; it would do for {} too: --kind says which is meant", others.join(" and "))
    }
}

/// Which of several readings of a recipe is meant: the kind that the file is named after, or the first whose rows are
/// in the data. Pairs come first, for they serve as conversations too.
fn likeliest(fitting: &[Recipe], file: &Path) -> usize {
    let stem = file.file_stem().unwrap_or_default();
    let has_rows = |recipe: &Recipe| Rehearsal::open(recipe).is_ok_and(|rows| rows.tokens(0).is_ok());
    let named = fitting.iter().position(|recipe| stem == recipe.kind().name());
    named
        .or_else(|| fitting.iter().position(|recipe| recipe.kind() == Kind::Dpo && has_rows(recipe)))
        .or_else(|| fitting.iter().position(has_rows))
        .unwrap_or_default()
}
