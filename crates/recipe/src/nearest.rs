//! The known word nearest to an unknown one.

/// The nearest of `known`, if it is near: at most a third of its letters differ.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase().replace('-', "_");
    let near = known.into_iter().map(|known| (edits(&word, known), known));
    near.filter(|(edits, known)| *edits <= known.len().div_ceil(3)).min().map(|(_, known)| known)
}

/// Levenshtein distance over the first 60 characters.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(60).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(60).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_far_ones_are_not() {
        let known = ["learning_rate", "lora_r", "beta"];
        assert_eq!(nearest("learnin-rate", known), Some("learning_rate"));
        assert_eq!(nearest("LORA_R", known), Some("lora_r"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn distances_count_insertions_deletions_and_replacements() {
        assert_eq!([edits("", "abc"), edits("kitten", "sitting"), edits("same", "same")], [3, 3, 0]);
    }
}
