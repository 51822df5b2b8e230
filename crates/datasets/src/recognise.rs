//! Which layout the rows of a file have, judged by the fields of the first ones.

use std::collections::BTreeSet;

use crate::container::Rows;
use crate::layout::sign::Sign;
use crate::layout::{Layout, specs};
use crate::raw_row::RawRow;

/// Rows that are looked at.
const SAMPLE: u64 = 16;

/// A layout, and the fields that speak for it.
struct Candidate {
    layout: Layout,
    fields: BTreeSet<&'static str>,
    strength: usize,
}

impl Candidate {
    /// True if `other` asks for all that this one asks for, and for more.
    fn is_part_of(&self, other: &Self) -> bool {
        let more = other.fields.len() > self.fields.len() || other.strength > self.strength;
        more && self.fields.is_subset(&other.fields)
    }
}

/// Why no layout was chosen.
pub(crate) enum Unsure {
    /// Nothing fits: the fields, and the layouts that come closest.
    Nothing { fields: String, nearest: String },
    /// Several fit equally well.
    Several { fields: String, candidates: String },
    /// There are no readable rows among the first.
    NoRows,
}

/// The layout of `rows`, and why. A layout fits if most of the first rows have all its fields. Of two that fit, one
/// whose fields include the other's is meant; otherwise the choice is the user's.
pub(crate) fn recognise(rows: &dyn Rows) -> Result<(Layout, String), Unsure> {
    let sample: Vec<RawRow> = (0..SAMPLE).map_while(|index| readable(rows, index)).flatten().collect();
    let Some(first) = sample.first() else { return Err(Unsure::NoRows) };
    let fields = field_names(first);
    let mut fitting: Vec<Candidate> = Vec::new();
    for spec in specs() {
        let fits = spec.signs.iter().filter_map(|signs| {
            let strength = signs.iter().map(|sign| sign.strength()).sum();
            Some(Candidate { layout: spec.layout, fields: majority(&sample, signs)?, strength })
        });
        fitting.extend(fits.max_by_key(|candidate| (candidate.fields.len(), candidate.strength)));
    }
    let is_part = |one: &Candidate| fitting.iter().any(|other| one.is_part_of(other));
    let best: Vec<&Candidate> = fitting.iter().filter(|candidate| !is_part(candidate)).collect();
    match best.as_slice() {
        [one] => {
            let seen: Vec<&str> = one.fields.iter().copied().collect();
            Ok((one.layout, format!("recognised by {}", seen.join(", "))))
        }
        [] => Err(Unsure::Nothing { fields, nearest: nearest(&sample) }),
        several => {
            let named = |one: &&Candidate| {
                let seen: Vec<&str> = one.fields.iter().copied().collect();
                format!("{} (by {})", one.layout, seen.join(", "))
            };
            let candidates: Vec<String> = several.iter().map(named).collect();
            Err(Unsure::Several { fields, candidates: candidates.join(" and ") })
        }
    }
}

/// Row `index` if it can be read; `None` ends the sample.
fn readable(rows: &dyn Rows, index: u64) -> Option<Option<RawRow>> {
    match rows.row(index) {
        Ok(row) => Some(Some(row)),
        Err(error) if error.is_past_end() => None,
        Err(_) => Some(None),
    }
}

/// The fields that satisfy all `signs` in most of the rows, as the first such row names them.
fn majority(sample: &[RawRow], signs: &[Sign]) -> Option<BTreeSet<&'static str>> {
    let found = |row: &RawRow| signs.iter().map(|sign| sign.find(row)).collect::<Option<BTreeSet<_>>>();
    let fits: Vec<BTreeSet<&'static str>> = sample.iter().filter_map(found).collect();
    if 2 * fits.len() > sample.len() { fits.into_iter().next() } else { None }
}

fn field_names(row: &RawRow) -> String {
    let pictures = row.pictures.iter().map(|(name, _)| &**name);
    let names: Vec<String> = row.fields.keys().map(String::as_str).chain(pictures).map(shortened).collect();
    if names.len() > 20 {
        return format!("{} and {} more", names[..20].join(", "), names.len() - 20);
    }
    names.join(", ")
}

fn shortened(name: &str) -> String {
    name.chars().take(40).flat_map(char::escape_default).collect()
}

/// The three layouts that lack the smallest part of their fields.
fn nearest(sample: &[RawRow]) -> String {
    let Some(row) = sample.first() else { return String::new() };
    let lacking = |signs: &&[Sign]| {
        let missing: Vec<String> =
            signs.iter().filter(|sign| sign.find(row).is_none()).map(|sign| sign.name()).collect();
        (missing, signs.len())
    };
    let mut close: Vec<(f64, String)> = specs()
        .filter_map(|spec| {
            let all = spec.signs.iter().map(&lacking);
            let (missing, needed) = all.min_by_key(|(missing, _)| missing.len())?;
            let share = missing.len() as f64 / needed as f64;
            Some((share, format!("{} (lacks {})", spec.name, missing.join(", "))))
        })
        .collect();
    close.sort_by(|a, b| a.0.total_cmp(&b.0));
    let words: Vec<String> = close.into_iter().take(3).map(|(_, words)| words).collect();
    words.join(", ")
}
