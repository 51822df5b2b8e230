//! What happens to rows that are broken, and an account of them.

use std::fmt;
use std::str::FromStr;

use crate::place::Place;
use crate::row_error::RowError;
use crate::source::Source;
use crate::source_error::SourceError;

/// Messages that are kept in full.
const KEPT_MESSAGES: usize = 100;
/// Places that are kept.
const KEPT_PLACES: usize = 100_000;

/// What to do when a row is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBadRow {
    /// The first one ends the run.
    #[default]
    Stop,
    /// It is passed over, counted and listed.
    Skip,
}

impl FromStr for OnBadRow {
    type Err = SourceError;

    fn from_str(name: &str) -> Result<Self, SourceError> {
        match name {
            "stop" => Ok(Self::Stop),
            "skip" => Ok(Self::Skip),
            other => Err(SourceError::Setting {
                setting: "on_bad_row",
                found: format!("{other:?}"),
                expected: "\"stop\" or \"skip\"",
            }),
        }
    }
}

/// [`OnBadRow`], and how many may be passed over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BadRowPolicy {
    /// Stop or skip.
    pub on_bad_row: OnBadRow,
    /// The largest share of rows that may be skipped: 0.01 unless the user says otherwise.
    pub max_bad_share: f64,
}

impl Default for BadRowPolicy {
    fn default() -> Self {
        Self { on_bad_row: OnBadRow::Stop, max_bad_share: 0.01 }
    }
}

impl BadRowPolicy {
    /// Skips one row in every hundred, or part of a hundred.
    pub fn skip() -> Self {
        Self { on_bad_row: OnBadRow::Skip, ..Self::default() }
    }

    /// How many of `rows` may be broken: the share, rounded up.
    ///
    /// ```
    /// let allowed = |rows| datasets::BadRowPolicy::skip().allowed(rows);
    /// assert_eq!([allowed(0), allowed(1), allowed(40), allowed(100), allowed(700), allowed(701)], [0, 1, 1, 1, 7, 8]);
    /// ```
    pub fn allowed(&self, rows: u64) -> u64 {
        /// Less than any row, more than products of floating-point numbers are off.
        const SLACK: f64 = 1e-6;
        match self.on_bad_row {
            OnBadRow::Stop => 0,
            OnBadRow::Skip => (self.max_bad_share.clamp(0.0, 1.0) * rows as f64 - SLACK).ceil() as u64,
        }
    }
}

/// Broken rows that were met.
#[derive(Debug, Default)]
pub struct BadRows {
    count: u64,
    errors: Vec<RowError>,
    places: Vec<Place>,
}

impl BadRows {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first ones, with what is wrong with them.
    pub fn errors(&self) -> &[RowError] {
        &self.errors
    }

    /// Where they stand: all of them, up to 100,000.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Takes one more into account. An error once the policy allows no more among `rows` rows.
    pub fn add(&mut self, error: RowError, policy: &BadRowPolicy, rows: u64) -> Result<(), SourceError> {
        if policy.on_bad_row == OnBadRow::Stop {
            return Err(error.into());
        }
        self.count += 1;
        let allowed = policy.allowed(rows);
        if self.places.len() < KEPT_PLACES {
            self.places.push(error.place.clone());
        }
        if self.errors.len() < KEPT_MESSAGES {
            self.errors.push(error);
        }
        if self.count <= allowed || self.errors.is_empty() {
            return Ok(());
        }
        let first = Box::new(self.errors.swap_remove(0));
        Err(SourceError::TooManyBad { bad: self.count, seen: rows, allowed, first })
    }
}

impl fmt::Display for BadRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count == 0 {
            return f.write_str("no broken rows");
        }
        write!(f, "{} broken rows", self.count)?;
        for error in self.errors.iter().take(20) {
            write!(f, "\n  {error}")?;
        }
        if self.count > 20 {
            write!(f, "\n  and {} more", self.count - 20)?;
        }
        Ok(())
    }
}

/// Reads every row once, without pictures, and accounts for the broken ones.
pub fn audit(source: &dyn Source, policy: &BadRowPolicy) -> Result<BadRows, SourceError> {
    let rows = source.len()?;
    let mut bad = BadRows::default();
    for index in 0..rows {
        if let Err(error) = source.get(index) {
            bad.add(error, policy, rows)?;
        }
    }
    Ok(bad)
}
