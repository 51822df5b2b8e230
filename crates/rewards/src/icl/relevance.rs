//! How near an answer is to the gold answers.

use std::collections::BTreeMap;

/// Characters of a text that are compared.
const MAX_CHARS: usize = 512;

/// F1 = 2·|A∩B| / (|A| + |B|) on the multisets of words.
///
/// ```
/// assert!((rewards::token_f1("red fire truck", "fire truck") - 0.8).abs() < 1e-12);
/// ```
pub fn token_f1(a: &str, b: &str) -> f64 {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    a.split_whitespace().for_each(|word| *left.entry(word).or_default() += 1);
    let mut shared = 0;
    for word in b.split_whitespace() {
        if let Some(count) = left.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            shared += 1;
        }
    }
    let all = a.split_whitespace().count() + b.split_whitespace().count();
    if all == 0 { 0.0 } else { 2.0 * shared as f64 / all as f64 }
}

/// 2M/T: M characters in matching blocks, found by taking the longest block and going on to its left and right
/// (Ratcliff and Obershelp 1988); T both lengths. 1 for two empty texts. Only the first 512 characters count.
///
/// ```
/// assert!((rewards::edit_similarity("truck", "trucks") - 0.909091).abs() < 1e-6);
/// ```
pub fn edit_similarity(a: &str, b: &str) -> f64 {
    let chars = |text: &str| text.chars().take(MAX_CHARS).collect::<Vec<_>>();
    let (a, b) = (chars(a), chars(b));
    let total = a.len() + b.len();
    if total == 0 { 1.0 } else { 2.0 * matching(&a, &b) as f64 / total as f64 }
}

fn matching(a: &[char], b: &[char]) -> usize {
    let (mut matched, mut open) = (0, vec![(a, b)]);
    while let Some((a, b)) = open.pop() {
        let (i, j, length) = longest_block(a, b);
        if length > 0 {
            matched += length;
            open.push((&a[..i], &b[..j]));
            open.push((&a[i + length..], &b[j + length..]));
        }
    }
    matched
}

/// The first longest block that both share.
fn longest_block(a: &[char], b: &[char]) -> (usize, usize, usize) {
    let mut best = (0, 0, 0);
    let mut runs = vec![0; b.len() + 1];
    for (i, x) in a.iter().enumerate() {
        for j in (0..b.len()).rev() {
            runs[j + 1] = if b[j] == *x { runs[j] + 1 } else { 0 };
        }
        for (j, &run) in runs.iter().enumerate().skip(1) {
            if run > best.2 {
                best = (i + 1 - run, j - run, run);
            }
        }
    }
    best
}

/// Σ over distinct answers of min(count/3, 1)·P̂(answer), clipped to \[0, 1\]. Pairs are (count, P̂).
///
/// ```
/// let p = rewards::ground_truth_probability(&[(2, 0.3), (5, 0.4), (1, 0.1)]);
/// assert!((p - 0.633333).abs() < 1e-6);
/// ```
pub fn ground_truth_probability(answers: &[(usize, f64)]) -> f64 {
    let sum: f64 = answers.iter().map(|(count, p)| (*count as f64 / 3.0).min(1.0) * p).sum();
    if sum.is_finite() { sum.clamp(0.0, 1.0) } else { 0.0 }
}
