//! The page put together.

use std::fmt::Write;

use super::escape::Text;
use super::run::Run;
use super::scale::short;
use super::thumbnails::Thumbnails;
use super::{dynamics, epochs, evaluations, panels, rollouts, samples};

pub(super) const STYLE: &str = include_str!("style.css");
const POINTER: &str = include_str!("pointer.js");

/// Wrong answers of one evaluation that are shown.
const WRONG: usize = 8;

/// A part of the page: anchor, heading, content.
struct Section {
    anchor: &'static str,
    heading: &'static str,
    body: String,
}

pub(super) fn render(runs: &[Run]) -> String {
    let title = title(runs);
    let sections: Vec<Section> =
        sections(runs).into_iter().filter(|section| !section.body.is_empty()).collect();
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\
         <title>{title} – Anneal</title>\n<style>\n{STYLE}</style></head>\n<body><header><h1>{title}</h1>{}<nav>",
        subtitle(runs),
        title = Text(&title),
    );
    for section in &sections {
        let _ = write!(out, "<a href=\"#{}\">{}</a>", section.anchor, section.heading);
    }
    let _ = write!(out, "</nav>{}</header>\n<main>", tiles(runs));
    for Section { anchor, heading, body } in &sections {
        let _ = write!(out, "\n<section id=\"{anchor}\"><h2>{heading}</h2>{body}</section>");
    }
    let _ = write!(
        out,
        "\n</main><footer>Anneal {}. Thin lines are logged values or single runs, thick lines their mean; bands are one standard deviation over runs.\
         </footer>\n<script>\n{POINTER}</script></body></html>\n",
        env!("CARGO_PKG_VERSION"),
    );
    out
}

/// The names of the runs, each once.
fn title(runs: &[Run]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for run in runs {
        if !names.contains(&run.name.as_str()) {
            names.push(&run.name);
        }
    }
    names.join(", ")
}

fn sections(runs: &[Run]) -> Vec<Section> {
    let pictures = Thumbnails::default();
    let (curves, rest) = panels::charts(runs);
    let section = |anchor, heading, body| Section { anchor, heading, body };
    let grid =
        |body: String| if body.is_empty() { body } else { format!("<div class=\"charts\">{body}</div>") };
    let rest = if rest.is_empty() {
        rest
    } else {
        format!("<details><summary>Other metrics</summary>{}</details>", grid(rest))
    };
    vec![
        section("notes", "Look twice", runs.iter().map(|run| named(runs, run, notes(run))).collect()),
        section(
            "epochs",
            "Accuracy after every epoch",
            grid(epochs::charts(runs)) + &spaced(epochs::table(runs)),
        ),
        section(
            "dynamics",
            "Responses and rewards",
            grid(dynamics::charts(runs)) + &dynamics::word_table(runs),
        ),
        section("evaluation", "Evaluation", evaluations::by_stage(runs) + &evaluations::benchmarks(runs)),
        section("curves", "Training", grid(curves) + &rest),
        section(
            "rewards",
            "Rewards and lengths",
            rollouts::reward_table(runs) + &spaced(grid(rollouts::charts(runs))),
        ),
        section(
            "samples",
            "Completions",
            runs.iter().map(|run| named(runs, run, samples::rollouts(run, &pictures))).collect(),
        ),
        section("wrong", "Wrong answers", wrong_answers(runs, &pictures)),
        section("config", "Configuration", runs.iter().map(configuration).collect()),
    ]
}

fn spaced(body: String) -> String {
    if body.is_empty() { body } else { format!("<p></p>{body}") }
}

/// What should make a reader of this run's curves look twice.
fn notes(run: &Run) -> String {
    let notes = crate::dynamics::about(&run.metrics, &run.evals);
    if notes.is_empty() {
        return String::new();
    }
    let items: String = notes.iter().map(|note| format!("<li>{}</li>", Text(note))).collect();
    format!("<ul class=\"notes\">{items}</ul>")
}

/// The content under the run's name, where there are several runs.
fn named(runs: &[Run], run: &Run, body: String) -> String {
    if body.is_empty() || runs.len() == 1 { body } else { format!("<h3>{}</h3>{body}", Text(&run.label)) }
}

/// The wrong answers of the last evaluation of each name.
fn wrong_answers(runs: &[Run], pictures: &Thumbnails) -> String {
    let mut out = String::new();
    for run in runs {
        let mut names: Vec<&str> = run.evals.iter().map(|eval| eval.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let Some(eval) = run.evals.iter().rfind(|eval| eval.name == name && !eval.wrong.is_empty())
            else {
                continue;
            };
            let _ = write!(
                out,
                "<h3>{} <span class=\"soft\">{} {}</span></h3>",
                Text(name),
                Text(&run.label),
                Text(&eval.stage)
            );
            out += &samples::wrong(&run.root, &eval.wrong, WRONG, pictures);
        }
        for (folder, results) in run.results.iter().filter(|(_, results)| !results.wrong.is_empty()) {
            let (benchmark, setting) = (Text(&results.benchmark), Text(&results.setting.name));
            let _ = write!(
                out,
                "<h3>{benchmark} <span class=\"soft\">{} {setting}</span></h3>",
                Text(&run.label)
            );
            out += &samples::wrong(folder, &results.wrong, WRONG, pictures);
        }
    }
    out
}

fn configuration(run: &Run) -> String {
    run.config.as_deref().map_or_else(String::new, |config| {
        format!(
            "<details open><summary>{}/config.yaml</summary><pre>{}</pre></details>",
            Text(&run.label),
            Text(config)
        )
    })
}

fn subtitle(runs: &[Run]) -> String {
    let steps = runs.iter().flat_map(|run| &run.metrics).map(|line| line.step).max();
    let mut parts = Vec::new();
    if runs.len() > 1 {
        parts.push(format!("{} runs", runs.len()));
    }
    parts.extend(steps.map(|steps| format!("{steps} steps")));
    let samples: usize = runs.iter().map(|run| run.rollouts.len()).sum();
    parts.extend((samples > 0).then(|| format!("{samples} sampled completions")));
    format!("<p class=\"soft\">{}</p>", parts.join(" · "))
}

/// The figures that people ask for first, each with its value at the start.
fn tiles(runs: &[Run]) -> String {
    const TILES: usize = 6;
    const FIRST: [(&str, &str); 7] = [
        ("loss", "loss"),
        ("reward", "reward"),
        ("rewards/accuracies", "preference accuracy"),
        ("mean_token_accuracy", "token accuracy"),
        ("kl", "KL"),
        ("entropy", "entropy"),
        ("completions/mean_length", "tokens per completion"),
    ];
    let tile = |(key, name): &(&str, &str)| {
        let curve = panels::curve(runs, key);
        let (first, last) = (curve.points.first()?.y, curve.last()?);
        Some(format!("<li><b>{}</b><span>{name}, from {}</span></li>", short(last), short(first)))
    };
    let mut items: Vec<String> = FIRST.iter().filter_map(tile).collect();
    items.splice(0..0, epochs::tiles(runs).into_iter().chain(accuracy_tiles(runs)));
    items.truncate(TILES);
    if items.is_empty() { String::new() } else { format!("<ul class=\"tiles\">{}</ul>", items.concat()) }
}

/// The accuracy of each evaluation, first and last.
fn accuracy_tiles(runs: &[Run]) -> Vec<String> {
    const TILES: usize = 3;
    let of = |name: &str| -> Vec<f64> {
        let evals = runs.iter().flat_map(|run| &run.evals).filter(|eval| eval.name == name);
        evals.filter_map(|eval| eval.metrics.get("accuracy").copied()).collect()
    };
    let mut names: Vec<&str> =
        runs.iter().flat_map(|run| &run.evals).map(|eval| eval.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let tile = |name: &&str| {
        let values = of(name);
        let (first, last) = (values.first()?, values.last()?);
        Some(format!(
            "<li><b>{:.1} %</b><span>{}, from {:.1} %</span></li>",
            100.0 * last,
            Text(name),
            100.0 * first
        ))
    };
    names.iter().filter_map(tile).take(TILES).collect()
}
