//! The table of evaluations by stage.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::escape::Text;
use super::rollouts::{signed, trend};
use super::run::Run;
use super::scale::short;
use crate::dynamics::epoch;
use crate::result::Results;
use crate::stats::{mean, sample_std};

/// Metrics of which less is better.
const FAULTS: [&str; 6] = ["unparsed", "truncated", "failed", "loss", "kl", "length"];

/// Stages that fit on a page side by side.
const MAX_STAGES: usize = 12;

/// One row for each metric of each evaluation, one column for each stage in the order of the runs, and the change over all.
/// Runs that evaluated at the same stage are averaged. Epochs have figures of their own.
pub(super) fn by_stage(runs: &[Run]) -> String {
    let mut stages: Vec<String> = Vec::new();
    let mut rows: BTreeMap<(&str, &str), BTreeMap<usize, Vec<f64>>> = BTreeMap::new();
    for eval in runs.iter().flat_map(|run| &run.evals).filter(|eval| epoch(eval).is_none()) {
        let stage = if eval.step > 0 { format!("{} {}", eval.stage, eval.step) } else { eval.stage.clone() };
        let column = stages.iter().position(|known| *known == stage).unwrap_or_else(|| {
            stages.push(stage);
            stages.len() - 1
        });
        for (metric, value) in &eval.metrics {
            rows.entry((&eval.name, metric)).or_default().entry(column).or_default().push(*value);
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let shown: Vec<usize> = columns(stages.len());
    let mut out = String::from("<div class=\"scroll\"><table><tr><th>evaluation</th><th>metric</th>");
    for column in &shown {
        let _ = write!(out, "<th class=\"n\">{}</th>", Text(&stages[*column]));
    }
    out += "<th class=\"n\">change</th></tr>";
    for ((name, metric), values) in &rows {
        out += &row(name, metric, values, &shown);
    }
    out + "</table></div>"
}

/// All columns, or the first half and the last half of what fits.
fn columns(stages: usize) -> Vec<usize> {
    let half = MAX_STAGES / 2;
    (0..stages).filter(|at| stages <= MAX_STAGES || *at < half || *at >= stages - half).collect()
}

fn row(name: &str, metric: &str, values: &BTreeMap<usize, Vec<f64>>, shown: &[usize]) -> String {
    let mut out = format!("<tr><td>{}</td><td>{}</td>", Text(name), Text(metric));
    for column in shown {
        let value = values.get(column).and_then(|values| averaged(values)).unwrap_or_else(|| "–".to_owned());
        let _ = write!(out, "<td class=\"n\">{value}</td>");
    }
    let ends = values.first_key_value().zip(values.last_key_value()).filter(|_| values.len() > 1);
    let change = ends.and_then(|((_, first), (_, last))| Some(mean(last)? - mean(first)?));
    let better = if FAULTS.iter().any(|fault| metric.contains(fault)) { -1.0 } else { 1.0 };
    let class = trend(change.map(|change| change * better));
    let _ = write!(out, "<td class=\"n{class}\">{}</td></tr>", change.map_or_else(|| "–".to_owned(), signed));
    out
}

/// The mean, with the standard deviation where there are several runs.
fn averaged(values: &[f64]) -> Option<String> {
    let spread = sample_std(values).map(|std| format!(" ± {}", short(std)));
    Some(short(mean(values)?) + &spread.unwrap_or_default())
}

/// The result files of benchmarks: score with interval, baseline, rates.
pub(super) fn benchmarks(runs: &[Run]) -> String {
    let rows: String = runs
        .iter()
        .flat_map(|run| run.results.iter().map(move |(_, results)| benchmark(run, results)))
        .collect();
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<div class=\"scroll\"><table><caption>Benchmarks, with 95 % intervals</caption><tr><th>run</th><th>benchmark</th><th>setting</th>\
         <th class=\"n\">score</th><th class=\"n\">interval</th><th class=\"n\">against the baseline</th><th class=\"n\">questions</th>\
         <th class=\"n\">unread</th><th class=\"n\">cut</th></tr>{rows}</table></div>"
    )
}

fn benchmark(run: &Run, results: &Results) -> String {
    let percent = |share: f64| format!("{:.1}\u{a0}%", 100.0 * share);
    let summary = &results.summary;
    let against = results.baseline.as_ref().map_or_else(
        || "–".to_owned(),
        |paired| format!("{} points, p = {}", signed(100.0 * paired.difference), short(paired.p_value)),
    );
    let score = summary.score.map_or_else(|| "–".to_owned(), percent);
    let interval = summary
        .interval
        .map_or_else(|| "–".to_owned(), |i| format!("{} to {}", percent(i.low), percent(i.high)));
    format!(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{score}</td><td class=\"n\">{interval}</td><td class=\"n\">{against}</td>\
         <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
        Text(&run.label),
        Text(&results.benchmark),
        Text(&results.setting.name),
        summary.questions,
        summary.unparsed,
        summary.truncated,
    )
}
