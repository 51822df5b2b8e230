//! Settings that a recipe may hold and that runs do not follow yet.

use recipe::{Duration, Method, Recipe};

/// A key of `recipe` that would change nothing, with the reason. Such a recipe is refused: whoever set the key wants it.
///
/// ```
/// # use recipe::{Kind, Recipe};
/// let text = "model_name_or_path: m\noutput_dir: o\ndatasets: d\npacking: true\nmax_length: 512\n";
/// let recipe = Recipe::parse(Kind::Sft, text, "".as_ref(), &[])?;
/// assert_eq!(trainer::session::unsupported(&recipe).map(|(key, _)| key), Some("packing"));
/// let recipe = Recipe::parse(Kind::Sft, text, "".as_ref(), &["max_steps=10".into()])?;
/// assert_eq!(trainer::session::unsupported(&recipe), None);
/// # Ok::<(), recipe::RecipeError>(())
/// ```
pub fn unsupported(recipe: &Recipe) -> Option<(&'static str, &'static str)> {
    match (&recipe.method, recipe.run.duration) {
        (Method::Sft(sft), Duration::Epochs(_)) if sft.packing => Some((
            "packing",
            "without max_steps: how many steps an epoch has is known only when all rows were read",
        )),
        _ => None,
    }
}
