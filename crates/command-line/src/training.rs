//! A recipe in, a trained model out, with everything that people look at meanwhile.

use crate::{Bar, PublishedFigures, Signals, Stopped, progress};
use burn::tensor::Device;
use recipe::{Recipe, Resume};
use std::path::{Path, PathBuf};
use trainer::engine::{Ending, Stop};
use trainer::session::{self, Session, StartFrom};
use vlm_model::Precision;

/// Trains as `recipe` says; `resume` is the flag of that name. A run that a signal ends is the error [`Stopped`].
pub fn train(
    recipe: Recipe,
    resume: Option<&str>,
    device: &Device,
    precision: Precision,
) -> Result<session::Outcome, Box<dyn std::error::Error>> {
    let published = PublishedFigures::of(&recipe);
    let session = open(recipe, resume, device, precision)?;
    run(if let Some(figures) = published { session.with_companion(Box::new(figures)) } else { session })
}

/// Checks and loads what the recipe names, its frozen weights in `precision`, to start where `resume`, the flag of that name,
/// says.
pub fn open(
    recipe: Recipe,
    resume: Option<&str>,
    device: &Device,
    precision: Precision,
) -> Result<Session, Box<dyn std::error::Error>> {
    let from = start(resume, &recipe)?;
    let spinner = progress::spinner("loading the model");
    let session = Session::open(recipe, &from, device, precision)?;
    spinner.finish_and_clear();
    Ok(session)
}

/// Runs what [`open`] has loaded; see [`train`].
pub fn run(session: Session) -> Result<session::Outcome, Box<dyn std::error::Error>> {
    let out = session.recipe().run.output_dir.clone();
    let [trained, all] = session.parameters();
    eprintln!(
        "training {} of {} parameters; records and checkpoints go to {}",
        grouped(trained),
        grouped(all),
        out.display()
    );
    let stop = Stop::new();
    let signals = Signals::forward(stop.clone())?;
    let outcome = session.train(&mut Bar::default(), stop)?;
    if outcome.ending == Ending::Stopped {
        eprintln!("stopped after step {}; go on with `--resume latest`", outcome.steps);
        return Err(Box::new(Stopped { code: signals.exit_code().unwrap_or(1) }));
    }
    eprintln!(
        "done after {} steps: {}",
        outcome.steps,
        out.join(format!("checkpoint-{}", outcome.steps)).display()
    );
    Ok(outcome)
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
