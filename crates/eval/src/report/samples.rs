//! Completions beside their pictures.

use std::fmt::Write;

use journal::{RolloutRecord, Stop, WrongSample};

use super::escape::Text;
use super::run::{Run, spread};
use super::scale::short;
use super::thumbnails::Thumbnails;

/// Completions of a prompt that are shown.
const PER_GROUP: usize = 4;
/// Characters of a text that are shown.
const MAX_TEXT: usize = 6000;

/// Some prompts of the run with their completions, from the first step to the last.
pub(super) fn rollouts(run: &Run, pictures: &Thumbnails) -> String {
    run.shown.iter().map(|records| group(&run.root, records, pictures)).collect()
}

fn group(root: &std::path::Path, records: &[RolloutRecord], pictures: &Thumbnails) -> String {
    let Some(first) = records.first() else { return String::new() };
    let mut out = opened(&pictures.of(root, &first.images));
    let _ = write!(
        out,
        "<div class=\"facts\"><span>step <b>{}</b></span><span>{}</span>",
        first.step,
        Text(&first.sample_id)
    );
    if let Some(truth) = &first.ground_truth {
        let _ = write!(out, "<span>right answer <b>{}</b></span>", Text(cut(truth)));
    }
    let _ = write!(out, "</div><div class=\"prompt\">{}</div>", Text(cut(&first.prompt)));
    let mut order: Vec<&RolloutRecord> = records.iter().collect();
    order.sort_by(|a, b| value(b).total_cmp(&value(a)));
    let (best, worst) = (order.first().map(|r| value(r)), order.last().map(|r| value(r)));
    for at in spread(order.len(), PER_GROUP) {
        let rank = match Some(value(order[at])) {
            _ if best == worst => "",
            found if found == best => " best",
            found if found == worst => " worst",
            _ => "",
        };
        out += &reply(order[at], rank);
    }
    out + "</div></article>"
}

fn value(record: &RolloutRecord) -> f64 {
    record.reward.unwrap_or(f64::NEG_INFINITY)
}

fn opened(pictures: &str) -> String {
    let seen = if pictures.is_empty() { "" } else { " seen" };
    format!("<article class=\"sample{seen}\">{pictures}<div>")
}

fn reply(record: &RolloutRecord, rank: &str) -> String {
    let mut out = format!(
        "<div class=\"reply{rank}\"><div class=\"text\">{}</div><div class=\"facts\">",
        Text(cut(&record.completion))
    );
    let numbers = [
        ("reward", record.reward),
        ("advantage", record.advantage),
        ("KL", record.kl),
        ("entropy", record.entropy),
    ];
    for (name, number) in numbers.iter().filter_map(|(name, number)| number.map(|number| (name, number))) {
        let _ = write!(out, "<span>{name} <b>{}</b></span>", short(number));
    }
    for (name, part) in &record.rewards {
        let part = part.map_or_else(|| "none".to_owned(), short);
        let _ = write!(out, "<span>{} {part}</span>", Text(name));
    }
    let _ =
        write!(out, "<span>{} tokens</span><span>{}</span></div></div>", record.tokens, ending(record.stop));
    out
}

/// Wrong answers of an evaluation.
pub(super) fn wrong(
    root: &std::path::Path,
    answers: &[WrongSample],
    limit: usize,
    pictures: &Thumbnails,
) -> String {
    let one = |answer: &WrongSample| {
        let mut out = opened(&pictures.of(root, &answer.images));
        let _ = write!(out, "<div class=\"prompt\">{}</div>", Text(cut(&answer.prompt)));
        let _ = write!(
            out,
            "<div class=\"reply worst\"><div class=\"text\">{}</div>",
            Text(cut(&answer.completion))
        );
        let _ = write!(
            out,
            "<div class=\"facts\"><span>expected <b>{}</b></span></div></div></div></article>",
            Text(cut(&answer.expected))
        );
        out
    };
    answers.iter().take(limit).map(one).collect()
}

/// The start of a text that is too long to show.
fn cut(text: &str) -> &str {
    text.char_indices().nth(MAX_TEXT).map_or(text, |(end, _)| &text[..end])
}

/// Why a completion ended, in words.
pub(super) const fn ending(stop: Stop) -> &'static str {
    match stop {
        Stop::Stop => "ended by itself",
        Stop::Length => "cut by the limit",
    }
}
