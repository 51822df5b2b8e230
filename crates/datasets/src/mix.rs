//! Several sources as one, in an order that depends on nothing but seed, epoch and position.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::permutation::Permutation;
use crate::place::Place;
use crate::record::Record;
use crate::row_error::RowError;
use crate::source::Source;
use crate::source_error::SourceError;

/// The order in which rows come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shuffle {
    /// As the files have them, one source behind the other.
    FileOrder,
    /// Shuffled anew in every epoch, as the seed says.
    Seeded(u64),
}

/// A source, and how much of an epoch it fills.
#[derive(Clone)]
pub struct Ingredient {
    /// The rows.
    pub source: Arc<dyn Source>,
    /// Its share of an epoch relative to the other weights. Without weights every row comes once in an epoch.
    pub weight: Option<f64>,
}

/// Rows of several sources in one order.
///
/// Position p of epoch e is a pure function of (seed, e, p): nothing is stored, and any number of workers agree. A source
/// that fills fewer places than it has rows goes on in the next epoch where it stopped; one that fills more begins a
/// new pass, in another order. So after any number of epochs its rows have been seen equally often, give or take one.
pub struct Mix {
    parts: Vec<Part>,
    shuffle: Shuffle,
    len: u64,
}

struct Part {
    source: Arc<dyn Source>,
    rows: u64,
    /// Where its places begin in an epoch, before they are shuffled, and how many there are.
    start: u64,
    quota: u64,
}

/// Where a run stands in a [`Mix`]: the next position to read. It is all that a resumed run needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The epoch, from 0.
    pub epoch: u64,
    /// The position in the epoch, from 0.
    pub position: u64,
}

/// A row of one of the sources of a mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pick {
    /// Which source, in the order they were given.
    pub source: usize,
    /// Which of its rows.
    pub row: u64,
}

impl Mix {
    /// An epoch is as long as all sources together. Weights are given for all sources or for none.
    pub fn new(ingredients: Vec<Ingredient>, shuffle: Shuffle) -> Result<Self, SourceError> {
        let mut rows = Vec::new();
        for ingredient in &ingredients {
            match ingredient.source.len()? {
                0 => {
                    let path = ingredient.source.describe().origin.clone().into();
                    return Err(SourceError::Empty { path });
                }
                len => rows.push(len),
            }
        }
        let len: u64 = rows.iter().sum();
        if len == 0 {
            return Err(setting("datasets", "no source".to_owned(), "at least one"));
        }
        let weights: Vec<f64> = ingredients.iter().filter_map(|ingredient| ingredient.weight).collect();
        let quotas = match weights.len() {
            0 => rows.clone(),
            given if given == rows.len() => quotas(&weights, len)?,
            given => {
                let found = format!("{given} weights for {} sources", rows.len());
                return Err(setting("weight", found, "a weight for every source, or for none"));
            }
        };
        let mut start = 0;
        let mut parts = Vec::new();
        for ((ingredient, rows), quota) in ingredients.into_iter().zip(rows).zip(quotas) {
            parts.push(Part { source: ingredient.source, rows, start, quota });
            start += quota;
        }
        Ok(Self { parts, shuffle, len })
    }

    /// One source alone.
    pub fn of(source: Arc<dyn Source>, shuffle: Shuffle) -> Result<Self, SourceError> {
        Self::new(vec![Ingredient { source, weight: None }], shuffle)
    }

    /// Rows of an epoch, broken ones included; at least one.
    pub fn epoch_len(&self) -> u64 {
        self.len
    }

    /// The sources in the order they were given.
    pub fn sources(&self) -> impl Iterator<Item = &dyn Source> {
        self.parts.iter().map(|part| &*part.source)
    }

    /// Which row stands at `at`; positions past the end of the epoch begin anew.
    pub fn pick(&self, at: Cursor) -> Pick {
        let position = at.position % self.len;
        let slot = match self.shuffle {
            Shuffle::FileOrder => position,
            Shuffle::Seeded(seed) => Permutation::new(self.len, &[seed, at.epoch]).at(position),
        };
        let source = self.parts.partition_point(|part| part.start <= slot) - 1;
        let part = &self.parts[source];
        // u128: an epoch number times a quota may pass 64 bits.
        let turn = u128::from(at.epoch) * u128::from(part.quota) + u128::from(slot - part.start);
        let (pass, within) = (turn / u128::from(part.rows), (turn % u128::from(part.rows)) as u64);
        let row = match self.shuffle {
            Shuffle::FileOrder => within,
            Shuffle::Seeded(seed) => {
                Permutation::new(part.rows, &[seed, source as u64, pass as u64, 1]).at(within)
            }
        };
        Pick { source, row }
    }

    /// The record at `at`.
    pub fn get(&self, at: Cursor) -> Result<Record, RowError> {
        let pick = self.pick(at);
        self.parts[pick.source].source.get(pick.row)
    }

    /// Where the row at `at` stands.
    pub fn place(&self, at: Cursor) -> Option<Place> {
        let pick = self.pick(at);
        self.parts[pick.source].source.place(pick.row)
    }

    /// The position after `at`.
    pub fn next(&self, at: Cursor) -> Cursor {
        if at.position + 1 < self.len {
            return Cursor { position: at.position + 1, ..at };
        }
        Cursor { epoch: at.epoch + 1, position: 0 }
    }
}

fn setting(setting: &'static str, found: String, expected: &'static str) -> SourceError {
    SourceError::Setting { setting, found, expected }
}

/// `len` places shared out by weight: whole numbers, the largest remainders rounded up.
fn quotas(weights: &[f64], len: u64) -> Result<Vec<u64>, SourceError> {
    let bad = weights.iter().find(|weight| !weight.is_finite() || **weight < 0.0);
    let total: f64 = weights.iter().sum();
    if let Some(bad) = bad {
        return Err(setting("weight", bad.to_string(), "a finite number that is not negative"));
    }
    if !(total > 0.0 && total.is_finite()) {
        return Err(setting("weight", format!("weights that sum to {total}"), "a sum above 0"));
    }
    let exact: Vec<f64> = weights.iter().map(|weight| weight / total * len as f64).collect();
    let mut quotas: Vec<u64> = exact.iter().map(|share| share.floor() as u64).collect();
    let mut order: Vec<usize> = (0..weights.len()).filter(|index| weights[*index] > 0.0).collect();
    order.sort_by(|a, b| (exact[*b].fract()).total_cmp(&exact[*a].fract()));
    let missing = len.saturating_sub(quotas.iter().sum());
    for &index in order.iter().cycle().take(missing as usize) {
        quotas[index] += 1;
    }
    Ok(quotas)
}
