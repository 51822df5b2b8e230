//! Published logs of predictions on multiple-choice questions.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::RunError;

/// Bytes of a log that is read.
const MAX_LOG: u64 = 1 << 30;

/// A line of a published log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRow {
    /// The question's id.
    pub id: String,
    /// The right letter.
    pub label: Option<char>,
    /// The letter that was predicted.
    pub pred: Option<char>,
    /// What the log says about it.
    pub is_correct: bool,
    /// The reply.
    pub text: String,
}

/// A published log: its rows, and how many lines were none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishedLog {
    /// The rows in their order.
    pub rows: Vec<LogRow>,
    /// Lines that do not parse, counted from 1.
    pub broken: Vec<usize>,
}

/// Reads a published log, JSON lines or one JSON list: label from `label`, `correct_letter` or `label_letter`, prediction
/// from `pred` or `pred_letter`, reply from `response`, `raw_response` or `model_response`.
///
/// # Errors
/// [`RunError`] when the file cannot be read, or not one row has an id and a label.
pub fn read_published_log(path: &Path) -> Result<PublishedLog, RunError> {
    let io = |source| RunError::Io { path: path.to_owned(), source };
    let size = fs::metadata(path).map_err(io)?.len();
    if size > MAX_LOG {
        return Err(no_log(path, format!("found {size} bytes, expected at most {MAX_LOG}")));
    }
    let text = fs::read_to_string(path).map_err(io)?;
    let log = if text.trim_start().starts_with('[') { of_list(path, &text)? } else { of_lines(&text) };
    if log.rows.is_empty() {
        return Err(no_log(
            path,
            "found no row with an id and a label, expected a log of predictions".to_owned(),
        ));
    }
    Ok(log)
}

fn no_log(path: &Path, reason: String) -> RunError {
    RunError::NoLog { path: path.to_owned(), line: 1, reason }
}

fn of_list(path: &Path, text: &str) -> Result<PublishedLog, RunError> {
    let items: Vec<Value> = serde_json::from_str(text).map_err(|error| no_log(path, error.to_string()))?;
    let mut log = PublishedLog::default();
    for (at, item) in items.iter().enumerate() {
        log.add(at + 1, row(item));
    }
    Ok(log)
}

fn of_lines(text: &str) -> PublishedLog {
    let mut log = PublishedLog::default();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        log.add(at + 1, serde_json::from_str(line).ok().as_ref().and_then(row));
    }
    log
}

impl PublishedLog {
    fn add(&mut self, line: usize, row: Option<LogRow>) {
        match row {
            Some(row) => self.rows.push(row),
            None => self.broken.push(line),
        }
    }
}

fn row(value: &Value) -> Option<LogRow> {
    let first =
        |names: &[&str]| names.iter().find_map(|name| value.get(*name).filter(|found| !found.is_null()));
    let id = match first(&["id", "q_uid", "question_id", "Question_id"])? {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    Some(LogRow {
        id,
        label: Some(letter(first(&["label", "correct_letter", "label_letter"])?)?),
        pred: first(&["pred", "pred_letter"]).and_then(letter),
        is_correct: first(&["is_correct"]) == Some(&Value::Bool(true)),
        text: first(&["response", "raw_response", "model_response"])
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
    })
}

/// A letter, or a number from 0 that stands for one.
fn letter(value: &Value) -> Option<char> {
    match value {
        Value::String(text) => {
            let mut chars = text.trim().chars();
            let only = chars.next().filter(char::is_ascii_alphabetic)?;
            chars.next().is_none().then(|| only.to_ascii_uppercase())
        }
        Value::Number(number) => ('A'..='Z').nth(usize::try_from(number.as_u64()?).ok()?),
        _ => None,
    }
}
