//! pass@k from more samples than k.

/// The unbiased estimate of pass@k from n samples of which c are right: 1 − C(n−c, k)/C(n, k), computed as
/// 1 − Π_{i = n−c+1}^{n} (1 − k/i) (Chen et al., 2021). With n = k it is "any of them is right", the published pass@8.
/// `None` when k is 0 or larger than n, or c is larger than n.
///
/// ```
/// use eval::stats::pass_at_k;
/// assert_eq!(pass_at_k(8, 1, 8), Some(1.0));
/// assert_eq!(pass_at_k(8, 0, 8), Some(0.0));
/// assert!((pass_at_k(4, 2, 2).unwrap() - 5.0 / 6.0).abs() < 1e-12);
/// assert_eq!(pass_at_k(4, 2, 5), None);
/// ```
pub fn pass_at_k(samples: usize, correct: usize, k: usize) -> Option<f64> {
    if k == 0 || k > samples || correct > samples {
        return None;
    }
    if samples - correct < k {
        return Some(1.0);
    }
    let all_wrong: f64 = (samples - correct + 1..=samples).map(|i| 1.0 - k as f64 / i as f64).product();
    Some(1.0 - all_wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(n: usize, k: usize) -> f64 {
        (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product()
    }

    #[test]
    fn it_equals_the_ratio_of_binomials_for_every_small_case() {
        for n in 1..14 {
            for c in 0..=n {
                for k in 1..=n {
                    let expected = 1.0 - if n - c < k { 0.0 } else { choose(n - c, k) / choose(n, k) };
                    assert!((pass_at_k(n, c, k).unwrap() - expected).abs() < 1e-12, "{n} {c} {k}");
                }
            }
        }
    }

    #[test]
    fn the_flags_of_three_questions_give_two_thirds() {
        let pass =
            |flags: &[u8]| pass_at_k(flags.len(), flags.iter().filter(|f| **f == 1).count(), flags.len());
        let eight = [&[0u8, 0, 1, 0, 0, 0, 0, 0], &[0; 8], &[1; 8]].map(|flags| pass(flags).unwrap());
        assert!((eight.iter().sum::<f64>() / 3.0 - 2.0 / 3.0).abs() < 1e-12);
        let one = [[1u8], [0], [1]].map(|flags| pass(&flags).unwrap());
        assert!((one.iter().sum::<f64>() / 3.0 - 0.666_667).abs() < 1e-6);
    }
}
