//! Distributions without their tails: top-k and top-p, as transformers cuts them.

use std::cmp::Ordering;

/// Ids whose logits reach the k-th largest, ascending; ties with it stay.
pub(super) fn top_k(logits: &[f32], k: usize) -> Vec<u32> {
    let ids = 0..logits.len() as u32;
    if k >= logits.len() {
        return ids.collect();
    }
    let mut ordered = logits.to_vec();
    let (_, threshold, _) = ordered.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
    ids.filter(|id| logits[*id as usize] >= *threshold).collect()
}

/// Removes the unlikely tail of `ids` whose probabilities sum to at most 1 − p; the likeliest id always stays.
///
/// Only as many ids are sorted as are needed: a nucleus is small where a vocabulary is large.
pub(super) fn top_p(ids: &mut Vec<u32>, logits: &[f32], weights: &[f32], p: f32) {
    let sum = |ids: &[u32]| ids.iter().map(|id| f64::from(weights[*id as usize])).sum::<f64>();
    let likelier = |a: &u32, b: &u32| likelier(logits, *a, *b);
    let total = sum(ids);
    let removable = f64::from(1.0 - p) * total;
    let mut count = ids.len().min(64);
    while count < ids.len() {
        ids.select_nth_unstable_by(count, likelier);
        if total - sum(&ids[..count]) <= removable {
            break;
        }
        count = ids.len().min(8 * count);
    }
    let mut tail = total - sum(&ids[..count]);
    ids.truncate(count);
    ids.sort_unstable_by(likelier);
    while let [_, .., last] = ids[..] {
        tail += f64::from(weights[last as usize]);
        if tail > removable {
            break;
        }
        ids.pop();
    }
}

/// Larger logits first; among equals the larger id, which a cut from below reaches last.
fn likelier(logits: &[f32], a: u32, b: u32) -> Ordering {
    logits[b as usize].total_cmp(&logits[a as usize]).then(b.cmp(&a))
}

/// The id at which the cumulative weight of `ids`, in their order, passes the share `draw` of their sum.
pub(super) fn draw(ids: &[u32], weights: &[f32], draw: f64) -> u32 {
    let positive =
        ids.iter().map(|id| (*id, f64::from(weights[*id as usize]))).filter(|(_, weight)| *weight > 0.0);
    let mut left = draw * positive.clone().map(|(_, weight)| weight).sum::<f64>();
    let mut last = ids.first().copied().unwrap_or(0);
    for (id, weight) in positive {
        last = id;
        left -= weight;
        if left < 0.0 {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule itself, on everything sorted.
    fn nucleus(logits: &[f32], weights: &[f32], p: f32) -> Vec<u32> {
        let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
        ids.sort_by(|a, b| likelier(logits, *a, *b));
        let total: f64 = weights.iter().map(|w| f64::from(*w)).sum();
        let mut tail = 0.0;
        while ids.len() > 1 {
            tail += f64::from(weights[ids[ids.len() - 1] as usize]);
            if tail > f64::from(1.0 - p) * total {
                break;
            }
            ids.pop();
        }
        ids
    }

    #[test]
    fn a_nucleus_of_any_size_is_that_of_the_sorted_distribution() {
        for sharpness in [0.01f32, 1.0, 20.0] {
            let logits: Vec<f32> =
                (0..3000).map(|i| ((i * 7919) % 2003) as f32 / 2003.0 * sharpness).collect();
            let weights: Vec<f32> = logits.iter().map(|logit| (logit - sharpness).exp()).collect();
            for p in [0.05, 0.5, 0.9, 0.999] {
                let mut ids: Vec<u32> = (0..3000).collect();
                top_p(&mut ids, &logits, &weights, p);
                assert_eq!(ids, nucleus(&logits, &weights, p), "sharpness {sharpness}, p {p}");
            }
        }
    }

    #[test]
    fn a_draw_stays_among_ids_with_a_weight() {
        let weights = [0.0, 1.0, 0.0, 3.0, 0.0];
        for (share, expected) in [(0.0, 1), (0.2, 1), (0.3, 3), (1.0 - f64::EPSILON, 3)] {
            assert_eq!(draw(&[0, 1, 2, 3, 4], &weights, share), expected);
        }
    }
}
