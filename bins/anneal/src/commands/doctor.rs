//! `anneal doctor`: the machine, and everything about a run that can be known before its model is loaded.

use super::doctor_devices::devices;
use super::doctor_recipe::Meant;
use crate::args::DoctorArgs;
use checkpoint::{RealFs, Store};
use command_line::explain;
use command_line::{Outcome, machine, plain, progress};
use rayon::prelude::*;
use recipe::Recipe;
use std::fmt;
use std::path::Path;
use trainer::session::{Needs, Rehearsal, SessionError, unsupported};
use vlm_model::{LoadError, VlModel};

/// Rows whose problems are told.
const TOLD: usize = 10;

/// Runs the command.
pub fn run(args: &DoctorArgs) -> Outcome {
    let mut findings = Findings::default();
    devices(&mut findings);
    if let Some(file) = &args.recipe
        && let Some(meant) = findings.tried("recipe", Meant::read(args, file))
    {
        findings.add(Grade::Ok, "recipe", meant.to_string());
        examine(&meant.recipe, &mut findings);
    }
    command_line::say(&findings.to_string())?;
    match findings.count(Grade::Fail) {
        0 => Ok(()),
        1 => Err("one check failed".into()),
        failed => Err(format!("{failed} checks failed").into()),
    }
}

fn examine(recipe: &Recipe, findings: &mut Findings) {
    if let Some((key, reason)) = unsupported(recipe) {
        findings.add(Grade::Fail, "recipe", format!("`{key}` is not supported: {reason}"));
    }
    occupied(&recipe.run.output_dir, findings);
    let folder = &recipe.model.model_name_or_path;
    let fits = VlModel::check_folder(folder);
    let is_readable = !matches!(fits, Err(LoadError::Config(_)));
    if findings.tried("model", fits).is_some() {
        findings.add(Grade::Ok, "model", folder.display().to_string());
    }
    if !is_readable {
        return;
    }
    let Some(rehearsal) = opened(recipe, findings) else { return };
    let lengths = rows(&rehearsal, findings);
    let Some(longest) = lengths.iter().max() else { return };
    let Ok(needs) = Needs::estimate(recipe, *longest) else { return };
    memory(&needs, findings);
    disk(&needs, recipe, rehearsal.steps(), findings);
}

/// The rows of the recipe; what is wrong is told where it belongs.
fn opened(recipe: &Recipe, findings: &mut Findings) -> Option<Rehearsal> {
    let opened = Rehearsal::open(recipe);
    let what = match &opened {
        Err(SessionError::Processor(_)) => "model",
        Ok(_) | Err(SessionError::Data(_)) => "data",
        Err(_) => "recipe",
    };
    findings.tried(what, opened)
}

/// Whether there is a run already where this one would go.
fn occupied(run: &Path, findings: &mut Findings) {
    let steps = if run.is_dir() { Store::new(RealFs, run).steps().unwrap_or_default() } else { Vec::new() };
    if let Some(step) = steps.last() {
        let text =
            format!("{} holds a run up to step {step}: go on with it with --resume latest", run.display());
        findings.add(Grade::Warn, "output_dir", text);
    }
}

/// Makes every row ready; the tokens of those that can be.
fn rows(rehearsal: &Rehearsal, findings: &mut Findings) -> Vec<usize> {
    let bar = progress::rows(rehearsal.rows() as u64, 0);
    let ready: Vec<Result<usize, String>> = (0..rehearsal.rows())
        .into_par_iter()
        .map(|row| {
            let tokens = rehearsal.tokens(row).map_err(|error| explain(error.as_ref()));
            bar.inc(1);
            tokens
        })
        .collect();
    bar.finish_and_clear();
    let (good, bad): (Vec<_>, Vec<_>) = ready.into_iter().partition(Result::is_ok);
    let mut lengths: Vec<usize> = good.into_iter().flatten().collect();
    lengths.sort_unstable();
    if let [shortest, .., longest] | [shortest @ longest] = lengths.as_slice() {
        let median = lengths[lengths.len() / 2];
        let what = format!("{} ready, {shortest} to {longest} tokens, median {median}", lengths.len());
        findings.add(Grade::Ok, "rows", format!("{what}; {} steps", rehearsal.steps()));
    }
    let count = bad.len();
    let grade = if count > rehearsal.most_broken() { Grade::Fail } else { Grade::Warn };
    for problem in bad.into_iter().filter_map(Result::err).take(TOLD) {
        findings.add(grade, "row", problem);
    }
    if count > TOLD {
        findings.add(grade, "rows", format!("{} more cannot be used", count - TOLD));
    }
    lengths
}

fn memory(needs: &Needs, findings: &mut Findings) {
    let free = machine::free_memory();
    let parts = format!(
        "about {}{}: weights {}, trained {}, optimiser {}, activations {}",
        size(needs.memory()),
        free.map(|free| format!(" of {} free", size(free))).unwrap_or_default(),
        size(needs.weights),
        size(needs.gradients),
        size(needs.optimiser),
        size(needs.activations)
    );
    let grade = match free {
        Some(free) if needs.weights > free => Grade::Fail,
        Some(free) if needs.memory() > free => Grade::Warn,
        _ => Grade::Ok,
    };
    findings.add(grade, "memory", parts);
    findings.add(Grade::Ok, "activations", needs.kept.to_string());
}

fn disk(needs: &Needs, recipe: &Recipe, steps: u64, findings: &mut Findings) {
    let every = recipe.run.save_steps.map_or(steps, |every| every.get() as u64).max(1);
    let written = steps.div_ceil(every);
    // While one is written, those that are kept are still there.
    let kept = recipe.run.save_total_limit.map_or(written, |limit| written.min(limit.get() as u64 + 1));
    let bytes = needs.checkpoint.saturating_mul(kept);
    let folder = &recipe.run.output_dir;
    let there = folder.ancestors().find(|ancestor| ancestor.is_dir());
    if let Some(Err(error)) = there.map(machine::try_writing) {
        findings.add(Grade::Fail, "disk", format!("{}: cannot be written: {error}", folder.display()));
        return;
    }
    let free = there.and_then(machine::free_disk);
    let grade = match free {
        Some(free) if bytes > free => Grade::Fail,
        Some(free) if bytes > free / 2 => Grade::Warn,
        _ => Grade::Ok,
    };
    let room = free.map(|free| format!(", where {} are free", size(free))).unwrap_or_default();
    let one = size(needs.checkpoint);
    findings.add(
        grade,
        "disk",
        format!("checkpoints: {kept} of about {one} below {}{room}", folder.display()),
    );
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    Ok,
    /// Nothing to mind.
    Note,
    Warn,
    Fail,
}

/// What the checks found, in their order.
#[derive(Default)]
pub(super) struct Findings(Vec<(Grade, String, String)>);

impl Findings {
    pub(super) fn add(&mut self, grade: Grade, what: impl Into<String>, text: String) {
        self.0.push((grade, what.into(), text));
    }

    /// What was tried, or nothing and a failed check.
    fn tried<T, E: Into<Box<dyn std::error::Error>>>(
        &mut self,
        what: &'static str,
        result: Result<T, E>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(Grade::Fail, what, explain(error.into().as_ref()));
                None
            }
        }
    }

    fn count(&self, grade: Grade) -> usize {
        self.0.iter().filter(|(found, ..)| *found == grade).count()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|(grade, what, text)| {
            let grade = match grade {
                Grade::Ok => "OK",
                Grade::Note => "NOTE",
                Grade::Warn => "WARN",
                Grade::Fail => "FAIL",
            };
            format!("{grade:4}  {what:15}  {}", plain(text).replace('\n', " "))
        });
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

/// Bytes as people say them.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_the_largest_unit_below_them() {
        assert_eq!(size(512), "0.5 KiB");
        assert_eq!(size(3 << 30), "3.0 GiB");
        assert_eq!(size(u64::MAX), "16777216.0 TiB");
    }
}
