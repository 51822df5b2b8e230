//! The paired test on right and wrong.

/// McNemar's exact test (1947): of the questions that only one of two models got right, `gained` went to the new model
/// and `lost` to the old one. Two-sided p = min(1, 2·Σ_{i ≤ min(b,c)} C(b+c, i)·2^−(b+c)); 1 when nothing differs.
///
/// ```
/// let p = eval::stats::mcnemar_exact(8, 1);
/// assert!((p - 2.0 * (1.0 + 9.0) / 512.0).abs() < 1e-12);
/// ```
pub fn mcnemar_exact(gained: usize, lost: usize) -> f64 {
    let n = (gained + lost) as f64;
    let (mut term, mut sum) = (-n * std::f64::consts::LN_2, 0.0);
    for i in 0..=gained.min(lost) {
        sum += f64::exp(term);
        term += ((n - i as f64) / (i as f64 + 1.0)).ln();
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_symmetric_and_known_values_hold() {
        assert_eq!(mcnemar_exact(0, 0), 1.0);
        assert!((mcnemar_exact(0, 5) - 0.0625).abs() < 1e-12);
        assert!((mcnemar_exact(6, 4) - 0.753_906_25).abs() < 1e-12);
        assert_eq!(mcnemar_exact(12, 30), mcnemar_exact(30, 12));
        assert!((mcnemar_exact(12, 30) - 0.007_915_897).abs() < 1e-8);
    }

    #[test]
    fn thousands_of_questions_neither_overflow_nor_vanish() {
        assert_eq!(mcnemar_exact(5000, 5000), 1.0);
        let p = mcnemar_exact(2600, 2400);
        assert!((p - 0.004_883_65).abs() < 1e-7, "{p}");
    }
}
