//! What MAYE watches while a model learns: lengths, reflection, rewards, distance, against generations.

use std::collections::BTreeMap;
use std::fmt::Write;

use rewards::REFLECTION_WORDS;

use super::chart::{self, COLOURS};
use super::escape::Text;
use super::families::{Family, families};
use super::run::Run;
use super::scale::short;
use super::series::Series;
use crate::dynamics::SAME;
use crate::stats::mean;

/// Generations of a run so far, the axis of these figures.
const AXIS: &str = "generation_steps";
const WORD: &str = "reflection_words/";
const KL_REWARD: &str = "rews/kl_reward";

/// Title, and the metrics that are its lines.
const FIGURES: [(&str, &[&str]); 7] = [
    ("Mean length of a response, tokens", &["response/response_lengths"]),
    ("Share of responses that the limit cut", &["response/length_clip_ratio"]),
    (
        "Reflection",
        &[
            "reflection_analysis/reflection_ratio",
            "reflection_analysis/reflection_ratio_in_correct_answers",
            "reflection_analysis/reflection_ratio_in_incorrect_answers",
            "reflection_analysis/correct_ratio_in_reflection_texts",
            "reflection_analysis/correct_ratio_in_no_reflection_texts",
        ],
    ),
    (
        "Reward and its parts",
        &[
            "rews/scores",
            "rews/acc_rewards",
            "rews/format_rewards",
            "rews/language_rewards",
            KL_REWARD,
            "rews/rlhf_reward",
        ],
    ),
    ("KL of a response from the reference", &["training/kl"]),
    ("Share of clipped tokens", &["training/clipfrac"]),
    ("Entropy", &["training/entropy", "training/entropy_full"]),
];

/// The trainer's names of what these figures hold, and of spreads that a single response to a prompt does not have.
const SAID: [&str; 10] = [
    "reward",
    "reward_std",
    "frac_reward_zero_std",
    "completions/mean_length",
    "completions/clipped_ratio",
    "rewards/maye/mean",
    "rewards/maye/std",
    "rewards/maye/accuracy",
    "rewards/maye/format",
    "rewards/maye/language",
];

/// Whether one of these figures holds a metric of this run, under this or another name.
pub(super) fn shows(run: &Run, key: &str) -> bool {
    let drawn = |key: &str| key.starts_with(WORD) || FIGURES.iter().any(|(_, keys)| keys.contains(&key));
    let twin = SAME.iter().find(|(_, ours)| *ours == key).is_some_and(|(published, _)| drawn(published));
    is_shown(run) && (drawn(key) || twin || SAID.contains(&key))
}

fn is_shown(run: &Run) -> bool {
    run.has_epochs() && run.keys.contains(AXIS)
}

/// The figures, for runs that were measured after every epoch.
pub(super) fn charts(runs: &[Run]) -> String {
    let kinds = families(runs.iter().filter(|run| is_shown(run)));
    let mut out = String::new();
    for (title, keys) in FIGURES {
        let mut lines = Vec::new();
        for family in &kinds {
            lines.extend(keys.iter().filter(|key| !is_idle(family, key)).map(|key| line(family, key)));
        }
        out += &chart::figure(title, &lines, "generation");
    }
    let words = kinds.iter().flat_map(word_lines).collect::<Vec<_>>();
    out + &chart::figure("Words of reflection in a generation", &words, "generation")
}

/// Whether the KL has no weight in the reward, so that its part is nothing and the rest the whole.
fn is_idle(family: &Family<'_>, key: &str) -> bool {
    let zero = |run: &&Run| {
        run.metrics.iter().filter_map(|line| line.values.get(KL_REWARD)).all(|value| *value == 0.0)
    };
    [KL_REWARD, "rews/rlhf_reward"].contains(&key) && family.runs.iter().all(zero)
}

/// A metric against generations; updates that learn from the same one are averaged.
fn curve(run: &Run, key: &str) -> Vec<(f64, f64)> {
    let value = |line: &journal::MetricLine| Some((*line.values.get(AXIS)?, *line.values.get(key)?));
    // A step that was logged twice, by a resumed run say, keeps the later value.
    let by_step: BTreeMap<u64, (f64, f64)> =
        run.metrics.iter().filter_map(|line| Some((line.step, value(line)?))).collect();
    let mut at: BTreeMap<u64, (f64, Vec<f64>)> = BTreeMap::new();
    for (generation, value) in by_step.into_values() {
        at.entry(generation.to_bits()).or_insert((generation, Vec::new())).1.push(value);
    }
    at.into_values().filter_map(|(generation, values)| Some((generation, mean(&values)?))).collect()
}

fn line(family: &Family<'_>, key: &str) -> Series {
    let name = key.split_once('/').map_or(key, |(_, name)| name).replace('_', " ");
    let curves: Vec<_> = family.runs.iter().map(|run| curve(run, key)).collect();
    Series::joined(family.line(&name), &curves)
}

/// The words that occur, the most frequent first, as many as there are colours; what is left is one line.
fn word_lines(family: &Family<'_>) -> Vec<Series> {
    let mut words: Vec<(f64, &str)> = REFLECTION_WORDS.map(|word| (total(family, word), word)).into();
    words.retain(|(total, _)| *total > 0.0);
    words.sort_by(|a, b| b.0.total_cmp(&a.0));
    let alone = if words.len() > COLOURS { COLOURS - 1 } else { words.len() };
    let (first, rest) = words.split_at(alone);
    let mut lines: Vec<Series> =
        first.iter().map(|(_, word)| line(family, &format!("{WORD}{word}"))).collect();
    if !rest.is_empty() {
        let curves: Vec<_> = family.runs.iter().map(|run| sum(run, rest)).collect();
        lines.push(Series::joined(family.line(&format!("{} other words", rest.len())), &curves));
    }
    lines
}

fn total(family: &Family<'_>, word: &str) -> f64 {
    let key = format!("{WORD}{word}");
    family.runs.iter().flat_map(|run| curve(run, &key)).map(|(_, count)| count).sum()
}

fn sum(run: &Run, words: &[(f64, &str)]) -> Vec<(f64, f64)> {
    let mut at: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for (_, word) in words {
        for (generation, count) in curve(run, &format!("{WORD}{word}")) {
            at.entry(generation.to_bits()).or_insert((generation, 0.0)).1 += count;
        }
    }
    at.into_values().collect()
}

/// How often each word occurs in a generation at first, at last, and in all.
pub(super) fn word_table(runs: &[Run]) -> String {
    let kinds = families(runs.iter().filter(|run| is_shown(run)));
    let rows: String =
        kinds.iter().flat_map(|family| REFLECTION_WORDS.map(|word| word_row(family, word))).collect();
    if rows.is_empty() {
        return rows;
    }
    let kind = if kinds.len() > 1 { "<th>runs</th>" } else { "" };
    format!(
        "<details><summary>Words of reflection, counted</summary><div class=\"scroll\"><table><caption>Occurrences in the responses of a \
         generation, mean over the first and the last tenth of generations and over runs</caption><tr>{kind}<th>word</th>\
         <th class=\"n\">first</th><th class=\"n\">last</th><th class=\"n\">in all</th></tr>{rows}</table></div></details>"
    )
}

fn word_row(family: &Family<'_>, word: &str) -> String {
    let counts: Vec<f64> =
        line(family, &format!("{WORD}{word}")).points.iter().map(|point| point.y).collect();
    let tenth = counts.len().div_ceil(10);
    let (first, last) = (mean(&counts[..tenth]), mean(&counts[counts.len() - tenth..]));
    let mut out = String::from("<tr>");
    if let Some(name) = &family.name {
        let _ = write!(out, "<td>{}</td>", Text(name));
    }
    let _ = write!(out, "<td>{word}</td>");
    for value in [first, last, Some(total(family, word))] {
        let _ = write!(out, "<td class=\"n\">{}</td>", value.map_or_else(|| "–".to_owned(), short));
    }
    out + "</tr>"
}
