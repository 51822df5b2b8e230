//! What can be counted in a published log, and whether it agrees with itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rewards::{AnswerParser, Layout, LetterRange, last_block};

use super::published::{LogRow, PublishedLog};
use crate::stats::{Interval, wilson};

/// Ids that are listed in a message.
const LISTED: usize = 5;

/// What a log should hold, where that is known.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The accuracy and how far off it may be.
    pub accuracy: Option<(f64, f64)>,
    /// The right letter of every question.
    pub labels: Option<BTreeMap<String, char>>,
}

/// A log read again by one parser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reparsed {
    /// Replies from which a letter was read.
    pub read: usize,
    /// Letters that are right.
    pub correct: usize,
    /// Readings, empty ones included, that agree with the prediction in the log.
    pub agree: usize,
}

/// The counts of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogReport {
    /// Rows.
    pub rows: usize,
    /// Distinct ids.
    pub ids: usize,
    /// Lines that are no rows.
    pub broken: usize,
    /// Rows that the log calls correct.
    pub stated: usize,
    /// Rows whose prediction is the label.
    pub recomputed: usize,
    /// 95 % interval of the recomputed accuracy.
    pub interval: Option<Interval>,
    /// Read again by the lenient parser.
    pub lenient: Reparsed,
    /// Read again by the published single-pass parser.
    pub single_pass: Reparsed,
    /// Read again by the strict parser.
    pub strict: Reparsed,
    /// Replies whose letter stands in an answer tag, in a phrase, or nowhere.
    pub sources: [usize; 3],
    /// Replies with the four tags in their order.
    pub format_valid: usize,
    /// Replies that begin with two opening think tags.
    pub doubled_think: usize,
    /// Right and all rows by label.
    pub letters: BTreeMap<char, (usize, usize)>,
    /// What is wrong with the log; empty for a log that agrees with itself and with what was expected.
    pub faults: Vec<String>,
}

/// Counts a log, reads its replies again and checks it against itself and against what is expected of it.
pub fn verify_log(log: &PublishedLog, expected: &Expected) -> LogReport {
    let rows = &log.rows;
    let right = |row: &LogRow| row.pred.is_some() && row.pred == row.label;
    let mut letters: BTreeMap<char, (usize, usize)> = BTreeMap::new();
    for (row, label) in rows.iter().filter_map(|row| Some((row, row.label?))) {
        let (correct, all) = letters.entry(label).or_default();
        *correct += usize::from(right(row));
        *all += 1;
    }
    let range =
        letters.keys().next_back().and_then(|last| LetterRange::up_to(*last)).unwrap_or(LetterRange::A_TO_E);
    let recomputed = rows.iter().filter(|row| right(row)).count();
    let mut report = LogReport {
        rows: rows.len(),
        ids: rows.iter().map(|row| row.id.as_str()).collect::<BTreeSet<_>>().len(),
        broken: log.broken.len(),
        stated: rows.iter().filter(|row| row.is_correct).count(),
        recomputed,
        interval: wilson(recomputed, rows.len()),
        lenient: reparsed(rows, AnswerParser::Lenient, range),
        single_pass: reparsed(rows, AnswerParser::PublishedSinglePass, range),
        strict: reparsed(rows, AnswerParser::Strict, range),
        sources: sources(rows, range),
        format_valid: rows.iter().filter(|row| Layout::InOrder.accepts(&row.text)).count(),
        doubled_think: rows.iter().filter(|row| begins_doubled(&row.text)).count(),
        letters,
        faults: Vec::new(),
    };
    report.faults = faults(rows, &report, expected);
    report
}

fn reparsed(rows: &[LogRow], parser: AnswerParser, range: LetterRange) -> Reparsed {
    let mut counts = Reparsed::default();
    for row in rows {
        let letter = parser.read(&row.text, range).letter();
        counts.read += usize::from(letter.is_some());
        counts.correct += usize::from(letter.is_some() && letter == row.label);
        counts.agree += usize::from(letter == row.pred);
    }
    counts
}

/// Where the lenient parser finds its letter.
fn sources(rows: &[LogRow], range: LetterRange) -> [usize; 3] {
    let mut counts = [0; 3];
    for row in rows {
        let read = |text: &str| AnswerParser::Lenient.read(text, range).letter();
        let tag =
            last_block(&row.text, "answer").and_then(|block| read(&format!("<answer>{block}</answer>")));
        let source = match (tag, read(&row.text)) {
            (Some(_), _) => 0,
            (None, Some(_)) => 1,
            (None, None) => 2,
        };
        counts[source] += 1;
    }
    counts
}

fn begins_doubled(text: &str) -> bool {
    const OPEN: &str = "<think>";
    let second = text.trim_start().strip_prefix(OPEN).map(str::trim_start);
    second.is_some_and(|rest| rest.starts_with(OPEN))
}

fn faults(rows: &[LogRow], report: &LogReport, expected: &Expected) -> Vec<String> {
    let mut faults = Vec::new();
    let mut add = |what: &str, ids: Vec<&str>| {
        if !ids.is_empty() {
            let listed = ids.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
            faults.push(format!("{}: {} rows, such as {listed}", what, ids.len()));
        }
    };
    let differing = rows.iter().filter(|row| row.is_correct != (row.pred.is_some() && row.pred == row.label));
    add("is_correct is not what prediction and label say", differing.map(|row| row.id.as_str()).collect());
    let mut seen = BTreeSet::new();
    add("repeated ids", rows.iter().map(|row| row.id.as_str()).filter(|id| !seen.insert(*id)).collect());
    if let Some(labels) = &expected.labels {
        let foreign = rows.iter().filter(|row| !labels.contains_key(&row.id));
        add("ids that are not in the data", foreign.map(|row| row.id.as_str()).collect());
        add(
            "ids of the data that are missing",
            labels.keys().map(String::as_str).filter(|id| !seen.contains(id)).collect(),
        );
        let other =
            rows.iter().filter(|row| labels.get(&row.id).is_some_and(|label| Some(*label) != row.label));
        add("labels that are not those of the data", other.map(|row| row.id.as_str()).collect());
    }
    let accuracy = report.recomputed as f64 / report.rows.max(1) as f64;
    let off = expected.accuracy.filter(|(wanted, tolerance)| (accuracy - wanted).abs() > tolerance + 1e-12);
    faults.extend(
        off.map(|(wanted, tolerance)| format!("accuracy {accuracy:.4}, expected {wanted} ± {tolerance}")),
    );
    faults
}

impl fmt::Display for LogReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part: usize| 100.0 * part as f64 / self.rows.max(1) as f64;
        writeln!(f, "rows {}, ids {}, broken lines {}", self.rows, self.ids, self.broken)?;
        writeln!(
            f,
            "stated correct {}, recomputed {}/{} = {:.1} %",
            self.stated,
            self.recomputed,
            self.rows,
            share(self.recomputed)
        )?;
        if let Some(Interval { low, high }) = self.interval {
            writeln!(f, "95 % interval {:.1} % to {:.1} %", 100.0 * low, 100.0 * high)?;
        }
        for (name, parsed) in
            [("lenient", self.lenient), ("single pass", self.single_pass), ("strict", self.strict)]
        {
            writeln!(
                f,
                "{name}: read {}, correct {}, agree with the log {}",
                parsed.read, parsed.correct, parsed.agree
            )?;
        }
        let [tag, phrase, none] = self.sources;
        writeln!(f, "answers in a tag {tag}, in a phrase {phrase}, nowhere {none}")?;
        writeln!(
            f,
            "format-valid {}/{}, doubled think tag {}",
            self.format_valid, self.rows, self.doubled_think
        )?;
        for (letter, (correct, all)) in &self.letters {
            writeln!(f, "{letter} {correct}/{all}")?;
        }
        self.faults.iter().try_for_each(|fault| writeln!(f, "FAULT {fault}"))
    }
}
