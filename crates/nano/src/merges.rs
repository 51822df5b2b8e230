//! Byte-pair merges learned from texts (Sennrich, Haddow and Birch, 2016).

use crate::bytes::alphabet;
use std::collections::BTreeMap;

/// Merges in the order in which they were learned: the most frequent pair first, of equals the first in the alphabet.
pub(crate) fn learn(texts: &[&str], most: usize) -> Vec<(String, String)> {
    let alphabet = alphabet();
    let mut words: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for word in texts.iter().flat_map(|text| words_of(text)) {
        let symbols = word.bytes().map(|byte| alphabet[usize::from(byte)].to_string()).collect();
        *words.entry(symbols).or_default() += 1;
    }
    let mut merges = Vec::new();
    while merges.len() < most {
        let Some(pair) = most_frequent(&words) else { break };
        words = words.into_iter().map(|(word, count)| (merged(word, &pair), count)).collect();
        merges.push(pair);
    }
    merges
}

/// Words and digits with the space before them, runs of other marks, white space: as the tokenizer cuts text.
fn words_of(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let lead = usize::from(first == ' ' && rest[1..].starts_with(|c: char| !c.is_whitespace()));
        let Some(kind) = rest[lead..].chars().next() else { break };
        let run = |belongs: fn(char) -> bool| {
            rest[lead..].find(|c| !belongs(c)).map_or(rest.len(), |end| lead + end)
        };
        let end = match kind {
            c if c.is_alphabetic() => run(char::is_alphabetic),
            c if c.is_numeric() => lead + c.len_utf8(),
            c if c.is_whitespace() => run(char::is_whitespace),
            _ => run(|c| !c.is_alphanumeric() && !c.is_whitespace()),
        };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after;
    }
    words
}

fn most_frequent(words: &BTreeMap<Vec<String>, usize>) -> Option<(String, String)> {
    let mut counts: BTreeMap<(&String, &String), usize> = BTreeMap::new();
    for (word, count) in words {
        for pair in word.windows(2) {
            *counts.entry((&pair[0], &pair[1])).or_default() += count;
        }
    }
    let most = counts.values().copied().max()?;
    let (pair, _) = counts.into_iter().find(|(_, count)| *count == most)?;
    Some((pair.0.clone(), pair.1.clone()))
}

fn merged(word: Vec<String>, (left, right): &(String, String)) -> Vec<String> {
    let mut symbols: Vec<String> = Vec::with_capacity(word.len());
    let mut open = false;
    for symbol in word {
        match symbols.last_mut() {
            Some(last) if open && last == left && symbol == *right => {
                last.push_str(&symbol);
                open = false;
            }
            _ => {
                symbols.push(symbol);
                open = true;
            }
        }
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_into_words_digits_and_marks() {
        assert_eq!(
            words_of("Is it red, 42?\n<a>"),
            ["Is", " it", " red", ",", " 4", "2", "?", "\n", "<", "a", ">"]
        );
    }

    #[test]
    fn frequent_words_become_single_tokens() {
        let merges = learn(&["a red red circle", "the red circle"], 100);
        let whole = |word: &str| merges.iter().any(|(a, b)| format!("{a}{b}") == word);
        assert!(whole("Ġred") && whole("Ġcircle"));
        assert_eq!(merges[0], ("Ġ".to_owned(), "r".to_owned()));
    }
}
