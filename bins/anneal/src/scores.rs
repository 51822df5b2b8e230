//! Results of a benchmark in a few lines.

use command_line::plain;
use eval::{LogReport, Results};

/// Score, interval, rates, official numbers, and the comparison where there is one.
pub fn in_words(results: &Results) -> String {
    let summary = &results.summary;
    let score = summary.score.map_or_else(|| "no score".to_owned(), percent);
    let range = summary.interval.map_or_else(String::new, |interval| {
        format!(" (95 %: {} to {})", percent(interval.low), percent(interval.high))
    });
    let mut lines = vec![
        format!(
            "{} ({}): {score}{range} of {} questions",
            results.benchmark, results.setting.name, summary.questions
        ),
        format!(
            "  answers unread {}, cut {}, failed questions {}",
            summary.unparsed, summary.truncated, summary.failed
        ),
    ];
    lines.extend(results.official.iter().map(|(name, value)| format!("  {name} {}", percent(*value))));
    lines.extend(results.baseline.as_ref().map(|paired| {
        let points = |share: f64| format!("{:+.1}", 100.0 * share);
        format!(
            "  against the baseline {} points (95 %: {} to {}), gained {}, lost {}, p = {:.4}",
            points(paired.difference),
            points(paired.interval.low),
            points(paired.interval.high),
            paired.gained,
            paired.lost,
            paired.p_value
        )
    }));
    lines.extend(results.notes.iter().map(|note| format!("  note: {}", plain(note))));
    lines.join("\n")
}

/// What a published log says of itself, and what is found when it is counted and read again.
pub fn counts(report: &LogReport) -> String {
    let of_all = |part: usize| format!("{part} ({})", percent(part as f64 / report.rows.max(1) as f64));
    let parsers =
        [("lenient", report.lenient), ("single pass", report.single_pass), ("strict", report.strict)];
    let mut lines = vec![
        format!("{} rows, {} ids, {} broken lines", report.rows, report.ids, report.broken),
        format!("  called right   {}", of_all(report.stated)),
        format!("  counted right  {}", of_all(report.recomputed)),
    ];
    lines.extend(parsers.map(|(name, read)| {
        format!("  read again, {name}: {} read, {} right, {} as stated", read.read, read.correct, read.agree)
    }));
    lines.push(format!(
        "  four tags in order {}, doubled think tag {}",
        report.format_valid, report.doubled_think
    ));
    lines.extend(report.faults.iter().map(|fault| format!("  fault: {}", plain(fault))));
    lines.join("\n")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
