//! `anneal sft`, `dpo`, `grpo`, `reinforce`: a recipe in, a trained adapter out.

use crate::args::TrainArgs;
use crate::signals::Signals;
use crate::{Outcome, Stopped, device, progress};
use journal::printable;
use recipe::{Kind, Recipe, Resume};
use std::path::{Path, PathBuf};
use trainer::engine::{Ending, Observer, Report, Stop};
use trainer::session::{Session, StartFrom};

/// Runs the command.
pub fn run(kind: Kind, args: &TrainArgs) -> Outcome {
    let recipe = Recipe::load(kind, &args.recipe, &args.set)?;
    let from = start(args.resume.as_deref(), &recipe)?;
    let (device, _) = device::open(&args.device)?;
    let out = recipe.run.output_dir.clone();
    let spinner = progress::spinner("loading the model");
    let session = Session::open(recipe, &device)?;
    spinner.finish_and_clear();
    let [trained, all] = session.parameters();
    eprintln!(
        "training {} of {} parameters; records and checkpoints go to {}",
        grouped(trained),
        grouped(all),
        out.display()
    );
    let stop = Stop::new();
    let signals = Signals::forward(stop.clone())?;
    let outcome = session.train(&from, &mut Bar::default(), stop)?;
    if outcome.ending == Ending::Stopped {
        eprintln!("stopped after step {}; go on with `--resume latest`", outcome.steps);
        return Err(Box::new(Stopped { code: signals.exit_code().unwrap_or(1) }));
    }
    eprintln!(
        "done after {} steps: {}",
        outcome.steps,
        out.join(format!("checkpoint-{}", outcome.steps)).display()
    );
    Ok(())
}

/// Where to start: the flag wins over the recipe.
fn start(flag: Option<&str>, recipe: &Recipe) -> Result<StartFrom, String> {
    let asked = match (flag, &recipe.run.resume_from_checkpoint) {
        (Some("latest"), _) | (None, Resume::Latest) => return Ok(StartFrom::Latest),
        (None, Resume::Never) => return Ok(StartFrom::Beginning),
        (Some(path), _) => PathBuf::from(path),
        (None, Resume::From(path)) => path.clone(),
    };
    step_of(&asked).map(StartFrom::Step).filter(|_| is_below(&asked, &recipe.run.output_dir)).ok_or_else(
        || {
            format!(
                "--resume: found {}, expected `latest` or a folder {}/checkpoint-N",
                asked.display(),
                recipe.run.output_dir.display()
            )
        },
    )
}

fn step_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix("checkpoint-")?.parse().ok()
}

fn is_below(path: &Path, run: &Path) -> bool {
    let same = |a: &Path, b: &Path| match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    path.parent().is_some_and(|parent| same(parent, run))
}

/// 1234567 as 1,234,567.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A progress bar that shows what a method reports.
#[derive(Default)]
pub struct Bar {
    bar: Option<indicatif::ProgressBar>,
}

/// Figures worth a place in the bar, with their short names.
const SHOWN: [(&str, &str); 6] = [
    ("loss", "loss"),
    ("reward", "reward"),
    ("rewards/accuracies", "accuracy"),
    ("kl", "kl"),
    ("completions/mean_length", "length"),
    ("grad_norm", "grad"),
];

impl Observer for Bar {
    fn step(&mut self, report: &Report) {
        let bar = self.bar.get_or_insert_with(|| progress::steps(report.steps, report.step));
        bar.set_position(report.step);
        let shown = SHOWN
            .iter()
            .filter_map(|(key, name)| report.figures.get(*key).map(|value| format!("{name} {value:.4}")));
        let tokens = report.figures.get("tokens").zip(report.figures.get("step_time"));
        let speed = tokens.map(|(tokens, seconds)| format!("{:.0} tokens/s", tokens / seconds));
        bar.set_message(shown.chain(speed).collect::<Vec<_>>().join("  "));
    }

    fn notice(&mut self, text: &str) {
        let text = printable(text);
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    fn saved(&mut self, _: u64, path: &Path) {
        tracing::info!(path = %path.display(), "saved");
    }

    fn evaluated(&mut self, record: &journal::EvalRecord) {
        let figures: Vec<String> =
            record.metrics.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
        self.notice(&format!("step {}: {}", record.step, figures.join("  ")));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
