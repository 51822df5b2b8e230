//! `maye tiny`: the whole system on a model made from nothing, in a minute or two on two cores.
//!
//! The problems ask for the perimeter of a rectangle, and say its sides. Three in ten of the annotators of the warm-up show
//! their working, digit by digit; the others write the result alone, and so does the model that learns from them, mostly
//! wrongly: in one token after another there is no room for the sum. Practice rewards nothing but the number in the box.
//! Working earns it more often, so responses grow, and accuracy with them.

use crate::args::TinyArgs;
use crate::config::Config;
use crate::{report, sets, train};
use burn::tensor::Device;
use command_line::{Outcome, progress, replace_file};
use datasets::toy::{Kind, Numerals, ToySettings, Working};
use nano::{Folder, Sizes};
use std::path::Path;
use vlm_model::weights::save_folder;

const SFT: &str = include_str!("../recipes/tiny/sft.yaml");
const REINFORCE: &str = include_str!("../recipes/tiny/reinforce.yaml");

/// Runs the command: both stages for each seed, and a table.
pub fn run(args: &TinyArgs) -> Outcome {
    for seed in &args.seeds {
        let home = args.output_dir.join(format!("seed-{seed}"));
        if home.exists() {
            return Err(format!(
                "{}: is there already; remove it, or choose another --output_dir",
                home.display()
            )
            .into());
        }
        chain(&home, *seed)?;
    }
    let runs = |stage: &str| -> Vec<_> {
        args.seeds.iter().map(|seed| args.output_dir.join(format!("seed-{seed}/{stage}"))).collect()
    };
    let mut text = String::new();
    for stage in ["sft", "reinforce"] {
        let evals = runs(stage).iter().map(journal::read_evals).collect::<Result<Vec<_>, _>>()?;
        text.push_str(&format!("{stage}:\n\n{}\n", report::table(&report::rows(&evals))));
    }
    replace_file(&args.output_dir.join("results.md"), text.as_bytes())?;
    command_line::say(text.trim_end())?;
    let page = args.output_dir.join("report.html");
    replace_file(&page, eval::report::render(&runs("reinforce"))?.as_bytes())?;
    eprintln!("report: {}", page.display());
    Ok(())
}

/// Problems, an untrained model, a warm-up with written solutions, and practice.
fn chain(home: &Path, seed: u64) -> Outcome {
    let spinner = progress::spinner("drawing problems and making a model from nothing");
    let settings = ToySettings {
        kinds: vec![Kind::Perimeter],
        sides: [11, 49],
        numbers: Numerals::InText,
        working: Working::Percent(30),
        seed,
    };
    let texts = sets::fill(&home.join("data"), settings, [4_000, 32, 128])?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).chain(["user assistant"]).collect();
    Folder { sizes: Sizes::DEMO, texts: &texts, seed }.write(&home.join("model"))?;
    for (name, recipe) in [("sft", SFT), ("reinforce", REINFORCE)] {
        std::fs::write(home.join(format!("{name}.yaml")), recipe)?;
    }
    spinner.finish_and_clear();
    let device = Device::flex();
    let seed = [format!("seed={seed}")];
    let warm_up = Config::flat(recipe::Kind::Sft, SFT, home, &seed)?;
    let start = train::train(warm_up.recipe()?, &warm_up.extras, None, &device)?;
    save_folder(&start.model, &home.join("model"), &home.join("start"))?;
    let practice = Config::flat(recipe::Kind::Reinforce, REINFORCE, home, &seed)?;
    train::train(practice.recipe()?, &practice.extras, None, &device)?;
    Ok(())
}
