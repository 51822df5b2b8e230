//! Rewards, advantages, lengths and stop reasons of all rollouts.

use std::collections::BTreeMap;
use std::fmt::Write;

use journal::{RolloutRecord, Stop};

use super::escape::Text;
use super::run::Run;
use super::samples::ending;
use super::scale::short;
use super::series::Series;
use super::{chart, histogram};
use crate::stats::mean;

/// Charts of what was sampled.
pub(super) fn charts(runs: &[Run]) -> String {
    let all: Vec<&RolloutRecord> = runs.iter().flat_map(|run| &run.rollouts).collect();
    if all.is_empty() {
        return String::new();
    }
    let of =
        |stop| all.iter().filter(|record| record.stop == stop).map(|record| record.tokens as f64).collect();
    let lengths = [Stop::Stop, Stop::Length].map(|stop| (ending(stop), of(stop)));
    let numbers = |part: fn(&RolloutRecord) -> Option<f64>| {
        all.iter().filter_map(|record| part(record)).collect::<Vec<f64>>()
    };
    [
        histogram::figure("Completion lengths by stop reason", &lengths, "tokens"),
        histogram::figure("Rewards", &[("completions", numbers(|r| r.reward))], "reward"),
        histogram::figure("Advantages", &[("completions", numbers(|r| r.advantage))], "advantage"),
        chart::figure("Groups without a spread of rewards", &[flat_groups(runs)], "step"),
    ]
    .concat()
}

/// By step, the share of prompts whose completions all got the same reward and therefore teach nothing.
fn flat_groups(runs: &[Run]) -> Series {
    let curve = |run: &Run| {
        let mut rewards: BTreeMap<(u64, u64), Vec<f64>> = BTreeMap::new();
        for record in &run.rollouts {
            rewards.entry((record.step, record.group)).or_default().extend(record.reward);
        }
        let mut by_step: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for ((step, _), group) in rewards.into_iter().filter(|(_, group)| group.len() > 1) {
            by_step.entry(step).or_default().push(f64::from(u8::from(all_equal(&group))));
        }
        by_step.into_iter().filter_map(|(step, flat)| Some((step as f64, mean(&flat)?))).collect()
    };
    Series::joined("share of groups", &runs.iter().map(curve).collect::<Vec<_>>())
}

/// Each reward function in the first and in the last tenth of the steps.
pub(super) fn reward_table(runs: &[Run]) -> String {
    let all: Vec<&RolloutRecord> = runs.iter().flat_map(|run| &run.rollouts).collect();
    let (Some(first), Some(last)) = (all.iter().map(|r| r.step).min(), all.iter().map(|r| r.step).max())
    else {
        return String::new();
    };
    let tenth = (last - first) / 10;
    let mut rows = String::new();
    let mut names: Vec<&str> = all.iter().flat_map(|r| r.rewards.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    let early: Vec<&RolloutRecord> = all.iter().copied().filter(|r| r.step <= first + tenth).collect();
    let late: Vec<&RolloutRecord> = all.iter().copied().filter(|r| r.step + tenth >= last).collect();
    rows += &row("total", &|r| r.reward, &early, &late);
    for name in names {
        rows += &row(name, &|r| r.rewards.get(name).copied().flatten(), &early, &late);
    }
    format!(
        "<div class=\"scroll\"><table><caption>Mean reward in the first and the last tenth of the steps</caption><tr><th>reward</th>\
         <th class=\"n\">first</th><th class=\"n\">last</th><th class=\"n\">change</th><th class=\"n\">without a value</th></tr>{rows}</table></div>"
    )
}

fn row(
    name: &str,
    part: &dyn Fn(&RolloutRecord) -> Option<f64>,
    early: &[&RolloutRecord],
    late: &[&RolloutRecord],
) -> String {
    let values = |records: &[&RolloutRecord]| records.iter().filter_map(|r| part(r)).collect::<Vec<f64>>();
    let (first, last) = (values(early), values(late));
    let absent = late.len() - last.len();
    let mut out = format!("<tr><td>{}</td>", Text(name));
    let (first, last) = (mean(&first), mean(&last));
    for value in [first, last] {
        let _ = write!(out, "<td class=\"n\">{}</td>", value.map_or_else(|| "–".to_owned(), short));
    }
    let change = first.zip(last).map(|(a, b)| b - a);
    let class = trend(change);
    let change = change.map_or_else(|| "–".to_owned(), signed);
    let _ = write!(
        out,
        "<td class=\"n{class}\">{change}</td><td class=\"n\">{absent} of {}</td></tr>",
        late.len()
    );
    out
}

/// A number with its sign.
pub(super) fn signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", short(value)) } else { short(value) }
}

/// The class of a change for the better, for the worse, or of none.
pub(super) fn trend(change: Option<f64>) -> &'static str {
    match change {
        Some(gain) if gain > 0.0 => " up",
        Some(loss) if loss < 0.0 => " down",
        _ => "",
    }
}

/// Compared value by value: a standard deviation of equal numbers need not come out as exactly 0.
fn all_equal(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::all_equal;

    #[test]
    fn equal_rewards_are_no_spread_whatever_their_mean_rounds_to() {
        assert!(all_equal(&[1.4; 7]) && !all_equal(&[1.4, 1.4, 0.4]));
    }
}
