//! The recipes of the documentation are recipes, with the numbers that were published.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are the helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use recipe::{
    BasePrecision, BlockScales, Count, Duration, Kind, Method, Recipe, Reference, Schedule, Surrogate,
    Tuning, Warmup,
};

fn published(kind: Kind) -> Recipe {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/recipes");
    let text = fs::read_to_string(folder.join(format!("{kind}.yaml"))).unwrap();
    let recipe = Recipe::parse(kind, &text, Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(Recipe::parse(kind, &recipe.to_yaml(), Path::new(""), &[]).as_ref(), Ok(&recipe));
    recipe
}

fn warmup_share(recipe: &Recipe) -> f64 {
    let Warmup::Ratio(ratio) = recipe.optimiser.schedule.warmup() else { panic!("no share") };
    ratio.get()
}

#[test]
fn spatial_stages_have_their_published_settings() {
    for (kind, rate, rows) in [(Kind::Sft, 2e-5, 8), (Kind::Dpo, 5e-7, 8), (Kind::Grpo, 1e-6, 64)] {
        let recipe = published(kind);
        let optimiser = &recipe.optimiser;
        assert_eq!((optimiser.learning_rate.get(), optimiser.rows_per_step()), (rate, rows));
        assert_eq!((optimiser.weight_decay.get(), warmup_share(&recipe)), (0.01, 0.1));
        assert!(matches!(optimiser.schedule, Schedule::Linear(_)));
        let Tuning::Adapter(lora) = &recipe.tuning else { panic!("no adapter") };
        assert_eq!(lora.base, BasePrecision::Nf4(BlockScales::Double));
    }
}

#[test]
fn supervised_steps_of_one_epoch_of_preferences_are_those_of_the_paper() {
    let steps = 5733_u64.div_ceil(published(Kind::Dpo).optimiser.rows_per_step() as u64);
    assert_eq!((steps, published(Kind::Dpo).optimiser.schedule.warmup().steps(steps)), (717, 72));
}

#[test]
fn the_adapter_of_a_stage_is_the_reference_of_the_next() {
    let Method::Dpo(dpo) = published(Kind::Dpo).method else { panic!("another kind") };
    assert_eq!((dpo.reference, dpo.beta.get()), (Reference::AdapterCopy, 0.1));
}

#[test]
fn groups_of_four_fill_a_step_with_sixteen_prompts() {
    let recipe = published(Kind::Grpo);
    let Method::Grpo(grpo) = &recipe.method else { panic!("another kind") };
    let plan = grpo.plan(&recipe.optimiser);
    assert_eq!((plan.prompts, plan.completions_per_prompt, plan.steps), (16, 4, 1));
    assert!(matches!(grpo.surrogate, Surrogate::Dapo(_)));
    assert_eq!((grpo.sampling.temperature.get(), grpo.sampling.top_p.get()), (0.7, 0.9));
}

#[test]
fn maye_makes_the_published_number_of_steps() {
    let recipe = published(Kind::Reinforce);
    let Method::Reinforce(maye) = &recipe.method else { panic!("another kind") };
    let updates = maye.steps_per_generation(&recipe.optimiser);
    assert_eq!((maye.rollout_batch_size, updates), (Count::new(128).unwrap(), 32));
    let Duration::Epochs(epochs) = recipe.run.duration else { panic!("no epochs") };
    // 5000 rows on 7 devices are 5 generations an epoch.
    assert_eq!(epochs.get() * 5.0 * updates as f64, 4800.0);
    assert_eq!(recipe.optimiser.schedule.warmup().steps(4800), 480);
    assert!(matches!(recipe.tuning, Tuning::Full(_)) && !recipe.tuning.trains_vision());
}

#[test]
fn maye_settings_are_the_defaults_of_reinforce() {
    let written = published(Kind::Reinforce);
    let least = "model_name_or_path: m\noutput_dir: o\ndatasets: d\n";
    let bare = Recipe::parse(Kind::Reinforce, least, Path::new(""), &[]).unwrap();
    assert_eq!(written.method, bare.method);
    assert_eq!(written.optimiser, bare.optimiser);
}
