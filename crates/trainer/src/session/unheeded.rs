//! Settings that a recipe may hold and that runs do not follow yet.

use recipe::{BasePrecision, Method, Recipe, Tuning};

/// Keys of `recipe` that are set and change nothing, each with what happens instead. Whoever set them should hear of it.
///
/// ```
/// # use recipe::{Kind, Recipe};
/// let text = "model_name_or_path: m\noutput_dir: o\ndatasets: d\npacking: true\nmax_length: 512\n";
/// let recipe = Recipe::parse(Kind::Sft, text, "".as_ref(), &[])?;
/// assert_eq!(trainer::session::unheeded(&recipe)[0].0, "packing");
/// # Ok::<(), recipe::RecipeError>(())
/// ```
pub fn unheeded(recipe: &Recipe) -> Vec<(&'static str, &'static str)> {
    let dense = match &recipe.tuning {
        Tuning::Adapter(lora) => lora.base == BasePrecision::Dense,
        Tuning::Full(_) => true,
    };
    let (packing, dynamic, tail) = match &recipe.method {
        Method::Sft(sft) => (sft.packing, false, false),
        Method::Dpo(dpo) => (false, false, dpo.ld_alpha.is_some()),
        Method::Grpo(grpo) => (false, grpo.dynamic_sampling_rounds > 0, false),
        Method::Reinforce(_) => (false, false, false),
    };
    let settings = [
        (!dense, "load_in_4bit/load_in_8bit", "frozen weights are held in 32 bits"),
        (packing, "packing", "every row has its place in a batch"),
        (dynamic, "dynamic_sampling_rounds", "prompts without a signal are kept"),
        (tail, "ld_alpha", "all tokens of an answer count alike"),
    ];
    settings.into_iter().filter(|(set, ..)| *set).map(|(_, key, instead)| (key, instead)).collect()
}
