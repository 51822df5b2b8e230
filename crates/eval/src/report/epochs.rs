//! Accuracy after every epoch: the figures and the table of MAYE.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::chart;
use super::escape::Text;
use super::families::{Family, families};
use super::rollouts::trend;
use super::run::Run;
use super::series::Series;
use crate::EvalSampling;
use crate::dynamics::{EpochReport, epoch_report};

/// Sets in the order of the page.
const SETS: [&str; 3] = ["Validation", "Test", "Training"];

/// What was measured: a set and a setting of the sampler, under its published name `acc/SET Set Epoch Accuracy SETTING`.
struct Measured<'k> {
    key: &'k str,
    set: &'static str,
    setting: &'k str,
}

impl<'k> Measured<'k> {
    fn new(key: &'k str) -> Option<Self> {
        let (set, setting) = key.strip_prefix("acc/")?.split_once(" Set Epoch Accuracy")?;
        let set = SETS.into_iter().find(|known| *known == set)?;
        // The responses of training are those of its own setting.
        let setting = if setting.is_empty() { "responses" } else { setting.trim_start() };
        Some(Self { key, set, setting })
    }

    /// The order of sets and settings.
    fn rank(&self) -> (usize, usize, &'k str) {
        let set = SETS.iter().position(|set| *set == self.set).unwrap_or(SETS.len());
        let known = EvalSampling::maye();
        let setting = known.iter().position(|known| known.suffix() == self.setting).unwrap_or(known.len());
        (set, setting, self.setting)
    }
}

/// Everything that the runs measured, in order.
fn measured<'r>(runs: &[&'r Run]) -> Vec<Measured<'r>> {
    let keys: BTreeSet<&str> = runs.iter().flat_map(|run| run.epochs.keys()).map(String::as_str).collect();
    let mut measured: Vec<Measured<'_>> = keys.into_iter().filter_map(Measured::new).collect();
    measured.sort_by(|a, b| a.rank().cmp(&b.rank()));
    measured
}

/// A figure for each set, a line for each setting.
pub(super) fn charts(runs: &[Run]) -> String {
    let runs: Vec<&Run> = runs.iter().filter(|run| run.has_epochs()).collect();
    let (kinds, measured) = (families(runs.iter().copied()), measured(&runs));
    let figure = |set: &str| {
        let of_set = || measured.iter().filter(|measured| measured.set == set);
        let lines: Vec<Series> =
            kinds.iter().flat_map(|family| of_set().map(|measured| line(family, measured))).collect();
        chart::figure(&format!("Accuracy on the {} set, %", set.to_lowercase()), &lines, "epoch")
    };
    SETS.into_iter().map(figure).collect()
}

fn line(family: &Family<'_>, measured: &Measured<'_>) -> Series {
    let percent = |&(epoch, accuracy): &(u64, f64)| (epoch as f64, 100.0 * accuracy);
    let curves: Vec<Vec<(f64, f64)>> =
        curves(family, measured).iter().map(|curve| curve.iter().map(percent).collect()).collect();
    Series::joined(family.line(measured.setting), &curves)
}

fn curves(family: &Family<'_>, measured: &Measured<'_>) -> Vec<Vec<(u64, f64)>> {
    family.runs.iter().filter_map(|run| run.epochs.get(measured.key)).cloned().collect()
}

/// Mean and best epoch of each setting, averaged over runs, beside the untrained model.
pub(super) fn table(runs: &[Run]) -> String {
    let runs: Vec<&Run> = runs.iter().filter(|run| run.has_epochs()).collect();
    let (kinds, measured) = (families(runs.iter().copied()), measured(&runs));
    let several = kinds.len() > 1;
    let mut rows = String::new();
    for measured in &measured {
        for family in &kinds {
            let curves = curves(family, measured);
            let name = family.name.as_deref().filter(|_| several);
            rows += &epoch_report(&curves)
                .map_or_else(String::new, |report| row(measured, name, &report, curves.len()));
        }
    }
    if rows.is_empty() {
        return rows;
    }
    let kind = if several { "<th>runs</th>" } else { "" };
    format!(
        "<div class=\"scroll\"><table><caption>Accuracy in %. Mean and best are over the epochs of a run, then averaged over runs; ± is the \
         sample standard deviation of the runs’ means. Vanilla is the model before training, epoch 0, which is in neither.</caption>\
         <tr><th>set</th><th>setting</th>{kind}<th class=\"n\">vanilla</th><th class=\"n\">mean of epochs</th>\
         <th class=\"n\">best epoch</th><th class=\"n\">runs</th></tr>{rows}</table></div>"
    )
}

fn row(measured: &Measured<'_>, family: Option<&str>, report: &EpochReport, runs: usize) -> String {
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    let mut out = format!("<tr><td>{}</td><td>{}</td>", measured.set.to_lowercase(), Text(measured.setting));
    if let Some(family) = family {
        let _ = write!(out, "<td>{}</td>", Text(family));
    }
    let vanilla = report.vanilla.map_or_else(|| "–".to_owned(), percent);
    let spread = report.std.map_or_else(String::new, |std| format!(" ± {}", percent(std)));
    let gain = trend(report.vanilla.map(|vanilla| report.mean - vanilla));
    let _ = write!(
        out,
        "<td class=\"n\">{vanilla}</td><td class=\"n{gain}\">{}{spread}</td><td class=\"n\">{}</td><td class=\"n\">{runs}</td></tr>",
        percent(report.mean),
        percent(report.max),
    );
    out
}

/// The accuracy of the likeliest answers at the end, and before training.
pub(super) fn tiles(runs: &[Run]) -> Vec<String> {
    let low = EvalSampling::maye()[0].suffix();
    let runs: Vec<&Run> = runs.iter().filter(|run| run.has_epochs()).collect();
    let tile = |measured: &Measured<'_>| {
        let family = Family { name: None, runs: runs.clone() };
        let points = line(&family, measured).points;
        let (first, last) = (points.first()?, points.last()?);
        let set = measured.set.to_lowercase();
        Some(format!(
            "<li><b>{:.1} %</b><span>{set}, {}, from {:.1} %</span></li>",
            last.y,
            Text(measured.setting),
            first.y
        ))
    };
    measured(&runs).iter().filter(|measured| measured.setting == low).filter_map(tile).collect()
}
