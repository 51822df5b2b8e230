//! Rows that can be used: `maye check-data`, and what `maye train` looks at before it loads a model.

use crate::args::CheckArgs;
use command_line::{Outcome, progress};
use datasets::{OpenOptions, Record, in_order, open};
use rayon::prelude::*;
use recipe::{OnBadRow, Recipe};
use std::collections::HashSet;
use std::path::Path;
use vlm_processor::{ImageLimits, Message, decode_image};

/// Problems that are listed before a run.
const LISTED: usize = 20;

/// What is wrong with the rows of a file.
struct Findings {
    rows: u64,
    problems: Vec<String>,
    twice: Vec<String>,
}

/// `maye check-data`: one line for each bad row, and an error if there is any.
pub fn run(args: &CheckArgs) -> Outcome {
    let mut bad = 0;
    for file in &args.files {
        let found = findings(file)?;
        found.problems.iter().try_for_each(|problem| command_line::say(problem))?;
        found.twice.iter().for_each(|id| eprintln!("warning: {}: the id {id:?} comes twice", file.display()));
        command_line::say(&format!("{}: {} rows, {} bad", file.display(), found.rows, found.problems.len()))?;
        bad += found.problems.len();
    }
    if bad > 0 { Err(format!("{bad} rows cannot be used").into()) } else { Ok(()) }
}

/// Reads every row that a recipe learns from, unless it passes over bad ones anyway.
pub fn before_training(recipe: &Recipe) -> Result<(), Box<dyn std::error::Error>> {
    if recipe.data.on_bad_row == OnBadRow::Skip {
        return Ok(());
    }
    let held_out = recipe.data.eval_dataset.iter().flatten();
    let mut problems = Vec::new();
    for set in recipe.data.datasets.iter().chain(held_out) {
        problems.extend(findings(&set.path)?.problems);
    }
    if problems.is_empty() {
        return Ok(());
    }
    let more = problems.len().saturating_sub(LISTED);
    problems.truncate(LISTED);
    if more > 0 {
        problems.push(format!("and {more} more"));
    }
    problems.push("mend these rows, or pass over them with on_bad_row=skip".to_owned());
    Err(problems.join("\n").into())
}

fn findings(file: &Path) -> Result<Findings, Box<dyn std::error::Error>> {
    let source = open(file, &OpenOptions { format: "maye".parse()?, ..OpenOptions::default() })?;
    let rows = source.len()?;
    let lines = lines(file)?;
    let bar = progress::rows(rows, 0);
    let all: Vec<_> = in_order(&*source).enumerate().collect();
    let faults: Vec<Option<String>> = all
        .par_iter()
        .map(|(index, row)| {
            bar.inc(1);
            match row {
                Ok(record) => fault(record).map(|reason| {
                    let line = lines.get(*index).copied().unwrap_or(index + 1);
                    format!("{}: line {line}: {reason}", file.display())
                }),
                Err(error) => Some(error.to_string()),
            }
        })
        .collect();
    bar.finish_and_clear();
    let mut ids = HashSet::new();
    let known = all.iter().filter_map(|(_, row)| row.as_ref().ok());
    let twice = known.map(Record::id).filter(|id| !ids.insert(*id)).map(str::to_owned).collect();
    Ok(Findings { rows, problems: faults.into_iter().flatten().collect(), twice })
}

/// The lines of a file that hold a row, from 1.
fn lines(file: &Path) -> Result<Vec<usize>, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    Ok(lines.filter(|(_, line)| !line.trim_ascii().is_empty()).map(|(index, _)| index + 1).collect())
}

/// What a row of the right form may still have wrong: no question, a picture that does not decode.
fn fault(record: &Record) -> Option<String> {
    let Record::RlPrompt(row) = record else { return Some("found no problem with its answer".to_owned()) };
    let said: String = row.prompt.iter().map(Message::said).collect();
    if said.trim().is_empty() {
        return Some("field question: found an empty text, expected the problem".to_owned());
    }
    if let Some(key) = ["answer", "solution"].into_iter().find(|key| !row.extra.contains_key(*key)) {
        return Some(format!("field {key}: not there, expected the right answer"));
    }
    let picture = row.visuals.images.first()?;
    match picture.open() {
        Err(error) => Some(format!("field image: {error}")),
        Ok(bytes) => decode_image(&bytes, &ImageLimits::default())
            .err()
            .map(|error| format!("field image: {picture}: {error}")),
    }
}
