//! What a rehearsal found: lines to read, and the same as JSON.

use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    Ok,
    Fail,
    Warn,
    Skip,
}

/// A check that was made, or had to be left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub status: Status,
    pub message: String,
}

/// The checks of a stage in their order.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// `passed` or `failed`.
    pub status: String,
    pub stage: String,
    pub checks: Vec<Check>,
    /// Texts that the model wrote, and how much they differ.
    pub generation: Value,
    /// The first prompt as the model reads it.
    pub prompt: String,
}

impl Report {
    /// Notes a check.
    pub fn note(&mut self, name: &'static str, status: Status, message: impl Into<String>) {
        self.checks.push(Check { name, status, message: message.into() });
    }

    /// Notes a check that passes where `right`, and else ends as `otherwise`.
    pub(super) fn demand(
        &mut self,
        name: &'static str,
        right: bool,
        otherwise: Status,
        message: impl Into<String>,
    ) {
        self.note(name, if right { Status::Ok } else { otherwise }, message);
    }

    /// How many checks ended so.
    pub fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }

    /// Whether nothing failed.
    pub fn passes(&self) -> bool {
        self.count(Status::Fail) == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Check { name, status, message } in &self.checks {
            let status = format!("[{status:?}]").to_uppercase();
            writeln!(f, "{status:6} {name}: {}", command_line::plain(message).replace('\n', " "))?;
        }
        let count = |status| self.count(status);
        write!(
            f,
            "{}: {} ok, {} failed, {} warnings, {} skipped",
            self.stage,
            count(Status::Ok),
            count(Status::Fail),
            count(Status::Warn),
            count(Status::Skip)
        )
    }
}
