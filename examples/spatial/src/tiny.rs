//! `spatial tiny`: the three stages on a model made from nothing, in half a minute on two cores, measured after each.
//!
//! What there is to learn is a [`CountingLesson`]. In the third stage the model practises, and nothing is rewarded but how
//! near its own answer is: 1 for the number, 0.5 beside it, less beyond.

use crate::args::TinyArgs;
use crate::config::Start;
use crate::lineage::{Lineage, Mismatch};
use crate::stage;
use burn::tensor::Device;
use command_line::{Answering, Outcome, progress};
use datasets::synth::CountingLesson;
use datasets::{OpenOptions, open};
use eval::{EvalSampling, Policy, RunOptions, benchmark_by_name};
use nano::{Folder, Sizes};
use recipe::{Kind, Recipe};
use std::path::Path;
use vlm_model::{Precision, VlModel};
use vlm_processor::Processor;

/// The recipes of the three stages, as `anneal` runs them too.
const STAGES: [(Kind, &str); 3] = [
    (Kind::Sft, include_str!("../recipes/tiny/sft.yaml")),
    (Kind::Dpo, include_str!("../recipes/tiny/dpo.yaml")),
    (Kind::Grpo, include_str!("../recipes/tiny/grpo.yaml")),
];

const LESSON: CountingLesson = CountingLesson { supervised: 8_000, pairs: 1_000, prompts: 4_000, test: 300 };

/// Runs the command: one chain of stages for each seed, and a table.
pub fn run(args: &TinyArgs) -> Outcome {
    let mut accuracies = Vec::new();
    for seed in &args.seeds {
        let home = args.output_dir.join(format!("seed-{seed}"));
        if home.exists() {
            return Err(format!(
                "{}: is there already; remove it, or choose another --output_dir",
                home.display()
            )
            .into());
        }
        let chain = chain(&home, *seed)?;
        eprintln!(
            "seed {seed}: {}\n",
            chain.map(|accuracy| format!("{:.1} %", 100.0 * accuracy)).join(" -> ")
        );
        accuracies.push(chain);
    }
    let runs: Vec<_> = args
        .seeds
        .iter()
        .flat_map(|seed| STAGES.map(|(kind, _)| args.output_dir.join(format!("seed-{seed}/{kind}"))))
        .collect();
    let report = args.output_dir.join("report.html");
    command_line::replace_file(&report, eval::report::render(&runs)?.as_bytes())?;
    let table = table(&accuracies);
    command_line::replace_file(&args.output_dir.join("results.md"), table.as_bytes())?;
    command_line::say(&table)?;
    eprintln!("report: {}", report.display());
    Ok(())
}

/// Data, an untrained model, and the three stages; the share of right answers after each.
fn chain(home: &Path, seed: u64) -> Result<[f64; 3], Box<dyn std::error::Error>> {
    let spinner = progress::spinner("drawing scenes and making a model from nothing");
    let texts = LESSON.write(&home.join("data"), seed)?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).chain(["user assistant"]).collect();
    Folder { sizes: Sizes::DEMO, texts: &texts, seed }.write(&home.join("model"))?;
    spinner.finish_and_clear();
    let mut accuracies = [0.0; 3];
    for (index, (kind, text)) in STAGES.into_iter().enumerate() {
        eprintln!("{kind}:");
        std::fs::write(home.join(format!("{kind}.yaml")), text)?;
        let mut recipe = Recipe::parse(kind, text, home, &[format!("seed={seed}")])?;
        let lineage = match index {
            0 => Lineage::first(&recipe.model.model_name_or_path)?,
            _ => {
                let before = home.join(STAGES[index - 1].0.name());
                Lineage::after(&before, Start::Fold, Mismatch::Refuse, &mut recipe)?
            }
        };
        let out = recipe.run.output_dir.clone();
        let model = stage::train(recipe, &lineage, None, &Device::flex(), Precision::Stored)?;
        accuracies[index] = measure(&model, home, &out)?;
        eprintln!("{kind}: {:.1} % of the held-out pictures counted right", 100.0 * accuracies[index]);
    }
    Ok(accuracies)
}

/// The held-out questions, answered greedily; the report of the run finds the results in its folder.
fn measure(model: &VlModel, home: &Path, out: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    let folder = home.join("model");
    let processor = Processor::from_dir(&folder)?;
    let bar = progress::rows(0, 0);
    let mut answering = Answering::new(model, &processor, &folder, 64, &bar)?;
    let file = home.join("data/test.jsonl");
    let policy =
        Policy { model: out.display().to_string(), data: file.display().to_string(), ..Policy::default() };
    let options = RunOptions { batch: 64, ..RunOptions::new(EvalSampling::greedy(16), policy) };
    let source = open(&file, &OpenOptions::default())?;
    let benchmark = benchmark_by_name("custom")?;
    let results = eval::run(&*benchmark, &*source, &mut answering, &out.join("eval"), &options)?;
    bar.finish_and_clear();
    Ok(results.summary.score.unwrap_or(0.0))
}

/// Mean and spread over the seeds.
fn table(chains: &[[f64; 3]]) -> String {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let mut lines = vec![
        "| stage | mean | standard deviation | lowest | highest |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for (index, (kind, _)) in STAGES.iter().enumerate() {
        let values: Vec<f64> = chains.iter().map(|chain| chain[index]).collect();
        let mean = eval::stats::mean(&values).unwrap_or(0.0);
        let spread = eval::stats::sample_std(&values).map_or_else(|| "–".to_owned(), percent);
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = values.iter().copied().fold(0.0, f64::max);
        lines.push(format!(
            "| {kind} | {} | {spread} | {} | {} |",
            percent(mean),
            percent(lowest),
            percent(highest)
        ));
    }
    lines.join("\n") + "\n"
}
