//! Errors for names that nobody knows, with the nearest known one.

/// A name that is not in a list of known names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} {name:?}{}; known: {known}", nearest.as_ref().map(|n| format!(", did you mean {n:?}?")).unwrap_or_default())]
pub struct UnknownName {
    /// What was looked for.
    pub what: &'static str,
    /// The name that was given.
    pub name: String,
    /// The known name nearest to it, if one is near.
    pub nearest: Option<String>,
    /// All known names.
    pub known: String,
}

impl UnknownName {
    pub(crate) fn new(what: &'static str, name: &str, known: &[&str]) -> Self {
        let distance = |known: &&&str| edits(name, known);
        let nearest = known.iter().min_by_key(distance).filter(|known| edits(name, known) <= known.len() / 2);
        Self {
            what,
            name: name.chars().take(60).collect(),
            nearest: nearest.map(|&n| n.to_owned()),
            known: known.join(", "),
        }
    }
}

/// Levenshtein distance over the first 60 characters.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(60).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(60).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
