//! `anneal demo`: SFT, DPO and GRPO on synthetic scenes, measured after each stage.

use crate::args::DemoArgs;
use crate::demo::{DPO, GRPO, SFT, measure};
use burn::tensor::Device;
use command_line::{Bar, Outcome, machine, progress};
use datasets::synth::CountingLesson;
use journal::{EvalLog, Start};
use nano::{Folder, Sizes};
use recipe::{Kind, Recipe};
use std::path::{Path, PathBuf};
use std::time::Instant;
use trainer::engine::Stop;
use trainer::session::{Session, StartFrom};
use vlm_model::weights::save_folder;
use vlm_model::{Precision, VlModel};

const LESSON: CountingLesson = CountingLesson { supervised: 8_000, pairs: 1_000, prompts: 4_000, test: 300 };

/// Runs the command.
pub fn run(args: &DemoArgs) -> Outcome {
    let home = &args.output;
    if home.exists() {
        return Err(
            format!("{}: is there already; remove it, or choose another --output", home.display()).into()
        );
    }
    let started = Instant::now();
    machine::share_work(None)?;
    prepare(home, args.seed)?;
    let mut story = Story { home, seed: args.seed, stages: Vec::new() };
    let untrained = VlModel::from_dir(&home.join("model"), &Device::flex(), vlm_model::Precision::F32)?;
    let at_first = measure(&untrained, &home.join("model"), &home.join("data/test.jsonl"))?;
    eprintln!(
        "untrained: {:.0} % of {} held-out pictures counted right; guessing would give 11 %",
        100.0 * at_first.accuracy,
        LESSON.test
    );
    let tuned = story.stage(
        Kind::Sft,
        "sft",
        SFT,
        "learning from 8,000 answers; beyond four objects six in ten of them are one too many",
    )?;
    save_folder(&tuned, &home.join("model"), &home.join("sft/model"))?;
    story.stage(Kind::Dpo, "dpo", DPO, "the true number is better than one beside it")?;
    story.stage(Kind::Grpo, "grpo", GRPO, "practice: only right answers are rewarded")?;
    let report = home.join("report.html");
    let runs: Vec<PathBuf> = story.stages.iter().map(|(name, _)| home.join(name)).collect();
    std::fs::write(&report, eval::report::render(&runs)?)?;
    farewell(&story, &report, started);
    Ok(())
}

/// Data, tokenizer and an untrained model.
fn prepare(home: &Path, seed: u64) -> Outcome {
    let spinner = progress::spinner("drawing scenes and making a model from nothing");
    std::fs::create_dir_all(home)?;
    let texts = LESSON.write(&home.join("data"), seed)?;
    let mut texts: Vec<&str> = texts.iter().take(2_000).map(String::as_str).collect();
    texts.push("user assistant");
    Folder { sizes: Sizes::DEMO, texts: &texts, seed }.write(&home.join("model"))?;
    spinner.finish_and_clear();
    Ok(())
}

struct Story<'a> {
    home: &'a Path,
    seed: u64,
    stages: Vec<(&'static str, f64)>,
}

impl Story<'_> {
    /// Trains one stage in the open: its recipe is written beside its run, so that it can be run again by hand.
    fn stage(
        &mut self,
        kind: Kind,
        name: &'static str,
        recipe: &str,
        about: &str,
    ) -> Result<VlModel, Box<dyn std::error::Error>> {
        eprintln!("\n{name}: {about}");
        std::fs::write(self.home.join(format!("{name}.yaml")), recipe)?;
        let seed = [format!("seed={}", self.seed)];
        let recipe = Recipe::parse(kind, recipe, self.home, &seed)?;
        let model = recipe.model.model_name_or_path.clone();
        let session = Session::open(recipe, &StartFrom::Beginning, &Device::flex(), Precision::Stored)?;
        let outcome = session.train(&mut Bar::default(), Stop::new())?;
        let measured = measure(&outcome.model, &model, &self.home.join("data/test.jsonl"))?;
        eprintln!("{name}: {:.1} % of the held-out pictures counted right", 100.0 * measured.accuracy);
        self.stages.push((name, measured.accuracy));
        let mut log = EvalLog::open(self.home.join(name), Start::After(outcome.steps))?;
        log.append(&measured.record(name, outcome.steps))?;
        Ok(outcome.model)
    }
}

fn farewell(story: &Story, report: &Path, started: Instant) {
    let home = story.home.display();
    let steps: Vec<String> =
        story.stages.iter().map(|(name, accuracy)| format!("{name} {:.1} %", 100.0 * accuracy)).collect();
    eprintln!("\nguessing 11 % -> {}   ({:.0} s)", steps.join(" -> "), started.elapsed().as_secs_f64());
    eprintln!("report: {}", report.display());
    eprintln!(
        "\nThe same with a real model: copy {home}/grpo.yaml, remove the adapter, set model_name_or_path to a Qwen2.5-VL folder"
    );
    eprintln!(
        "and datasets to a file of your own, then\n  anneal grpo recipe.yaml\ndocs/recipes.md lists the settings."
    );
}
