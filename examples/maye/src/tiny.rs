//! `maye tiny`: the whole system on a model made from nothing, in a minute or two on two cores.
//!
//! The problems ask for the perimeter of a rectangle, and say its sides. Three in ten of the annotators of the warm-up show
//! their working, digit by digit; the others write the result alone, and so does the model that learns from them, mostly
//! wrongly: in one token after another there is no room for the sum. Practice rewards nothing but the number in the box.
//! Working earns it more often, so responses grow, and accuracy with them.

use crate::args::TinyArgs;
use crate::config::Config;
use crate::{sets, train};
use burn::tensor::Device;
use command_line::{Outcome, machine, progress, replace_file};
use datasets::toy::{Kind, Numerals, ToySettings, Working};
use eval::dynamics::epoch_curves;
use eval::stats;
use journal::{read_evals, read_metrics};
use nano::{Folder, Sizes};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use vlm_model::Precision;
use vlm_model::weights::save_folder;

const SFT: &str = include_str!("../recipes/tiny/sft.yaml");
const REINFORCE: &str = include_str!("../recipes/tiny/reinforce.yaml");

/// Runs the command: both stages for each seed, a table and a page.
pub fn run(args: &TinyArgs) -> Outcome {
    machine::share_work(None)?;
    for seed in &args.seeds {
        let home = home(args, *seed);
        if home.exists() {
            let here = home.display();
            return Err(format!("{here}: is there already; remove it, or choose another --output_dir").into());
        }
        chain(&home, *seed)?;
    }
    let table = table(args)?;
    replace_file(&args.output_dir.join("results.md"), table.as_bytes())?;
    command_line::say(table.trim_end())?;
    let runs: Vec<PathBuf> = args.seeds.iter().map(|seed| home(args, *seed).join("reinforce")).collect();
    let page = args.output_dir.join("report.html");
    replace_file(&page, eval::report::render(&runs)?.as_bytes())?;
    eprintln!("report: {}", page.display());
    Ok(())
}

fn home(args: &TinyArgs, seed: u64) -> PathBuf {
    args.output_dir.join(format!("seed-{seed}"))
}

/// Held-out accuracy and length of responses after each stage: mean and standard deviation over the seeds.
fn table(args: &TinyArgs) -> Result<String, Box<dyn std::error::Error>> {
    let mut rows: BTreeMap<String, [Vec<f64>; 2]> = BTreeMap::new();
    for seed in &args.seeds {
        for (column, stage) in ["sft", "reinforce"].into_iter().enumerate() {
            let curves = epoch_curves(&read_evals(home(args, *seed).join(stage))?);
            for (key, curve) in curves {
                let (Some(setting), Some((_, last))) =
                    (key.strip_prefix("acc/Test Set Epoch Accuracy "), curve.last())
                else {
                    continue;
                };
                rows.entry(format!("right, {setting}")).or_default()[column].push(100.0 * last);
            }
        }
        let lengths: Vec<f64> = read_metrics(home(args, *seed).join("reinforce"))?
            .iter()
            .filter_map(|line| line.values.get("response/response_lengths").copied())
            .collect();
        for (column, length) in [lengths.first(), lengths.last()].into_iter().enumerate() {
            rows.entry("tokens of a response".into()).or_default()[column].extend(length);
        }
    }
    let mut text =
        String::from("| held-out problems | after the warm-up | after practice |\n|---|---|---|\n");
    for (name, [before, after]) in rows {
        text.push_str(&format!("| {name} | {} | {} |\n", spread(&before), spread(&after)));
    }
    Ok(text)
}

/// `mean ± standard deviation`.
fn spread(values: &[f64]) -> String {
    let mean = stats::mean(values).unwrap_or(0.0);
    stats::sample_std(values).map_or_else(|| format!("{mean:.1}"), |std| format!("{mean:.1} ± {std:.1}"))
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
    let start = train::train(warm_up.recipe()?, &warm_up.extras, None, &device, Precision::Stored)?;
    save_folder(&start.model, &home.join("model"), &home.join("start"))?;
    let practice = Config::flat(recipe::Kind::Reinforce, REINFORCE, home, &seed)?;
    train::train(practice.recipe()?, &practice.extras, None, &device, Precision::Stored)?;
    Ok(())
}
