//! Results as a page of Markdown.

use std::fmt::Write;

use crate::result::Results;
use crate::stats::Interval;
use crate::tally::IntervalKind;

/// The page.
pub(crate) fn page(results: &Results) -> String {
    let Results { benchmark, setting, policy, summary, .. } = results;
    let mut out = format!("# {} ({})\n\n", plain(benchmark), plain(&setting.name));
    let kind = match summary.interval_kind {
        IntervalKind::Wilson => "Wilson",
        IntervalKind::Bootstrap => "bootstrap",
    };
    let score = summary.score.map_or_else(|| "–".to_owned(), percent);
    let _ = writeln!(
        out,
        "**{score}** of {} questions, 95 % interval ({kind}) {}\n",
        summary.questions,
        range(summary.interval)
    );
    let share = |part: usize| percent(part as f64 / summary.responses.max(1) as f64);
    let _ = writeln!(
        out,
        "| answers | unread | cut by the limit | failed questions | mean tokens |\n|--:|--:|--:|--:|--:|"
    );
    let tokens = summary.mean_tokens.map_or_else(|| "–".to_owned(), |tokens| format!("{tokens:.1}"));
    let _ = writeln!(
        out,
        "| {} | {} ({}) | {} ({}) | {} | {tokens} |\n",
        summary.responses,
        summary.unparsed,
        share(summary.unparsed),
        summary.truncated,
        share(summary.truncated),
        summary.failed,
    );
    for note in &results.notes {
        let _ = writeln!(out, "> {}\n", plain(note));
    }
    out += &official(results);
    out += &baseline(results);
    out += &tables(results);
    let _ = writeln!(out, "## How it was asked\n\n| | |\n|---|---|");
    let pixels =
        policy.pixels.map_or_else(|| "no pictures".to_owned(), |(low, high)| format!("{low} to {high}"));
    let rows = [
        ("model", policy.model.clone()),
        ("adapter", policy.adapter.clone().unwrap_or_else(|| "none".to_owned())),
        ("data", policy.data.clone()),
        ("pixels of a picture", pixels),
        ("answers", format!("{} each, pass@{}", setting.samples, setting.pass_at)),
        ("temperature, top-p", format!("{}, {}", setting.temperature, setting.top_p)),
        ("new tokens at most", setting.max_new_tokens.to_string()),
        ("seed", setting.seed.to_string()),
        ("judge", serde_json::to_string(&results.judge).unwrap_or_default()),
    ];
    for (name, value) in rows {
        let _ = writeln!(out, "| {name} | {} |", plain(&value));
    }
    let _ = writeln!(out, "\nPrompt:\n\n{}", indented(&policy.prompt));
    out
}

fn official(results: &Results) -> String {
    if results.official.is_empty() {
        return String::new();
    }
    let rows: String = results
        .official
        .iter()
        .map(|(name, value)| format!("| {} | {} |\n", plain(name), percent(*value)))
        .collect();
    format!("| official | score |\n|---|--:|\n{rows}\n")
}

fn baseline(results: &Results) -> String {
    results.baseline.as_ref().map_or_else(String::new, |paired| {
        format!(
            "Against the baseline on {} questions: {:+.2} points, 95 % interval {:+.2} to {:+.2}; {} gained, {} lost, exact McNemar p = {:.4}.\n\n",
            paired.questions, 100.0 * paired.difference, 100.0 * paired.interval.low, 100.0 * paired.interval.high,
            paired.gained, paired.lost, paired.p_value,
        )
    })
}

fn tables(results: &Results) -> String {
    let mut out = String::new();
    for (facet, cells) in &results.tables {
        let _ = writeln!(out, "| {} | questions | score | 95 % interval |\n|---|--:|--:|--:|", plain(facet));
        for (value, cell) in cells {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                plain(value),
                cell.questions,
                percent(cell.score),
                range(cell.interval)
            );
        }
        out.push('\n');
    }
    out
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn range(interval: Option<Interval>) -> String {
    interval.map_or_else(|| "–".to_owned(), |i| format!("{} to {}", percent(i.low), percent(i.high)))
}

/// A cell of a table: one line, nothing that ends the cell or begins markup.
fn plain(text: &str) -> String {
    let one = |c: char| match c {
        '|' => "\\|".to_owned(),
        '<' => "&lt;".to_owned(),
        '`' => "\\`".to_owned(),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}

/// Text as a block of code.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
