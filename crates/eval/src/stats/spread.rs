//! Mean and standard deviation.

/// x̄ = Σ xᵢ / n; `None` for no values.
///
/// ```
/// assert_eq!(eval::stats::mean(&[1.0, 2.0]), Some(1.5));
/// assert_eq!(eval::stats::mean(&[]), None);
/// ```
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// s = √(Σ (xᵢ − x̄)² / (n − 1)); `None` for fewer than two values.
///
/// ```
/// assert_eq!(eval::stats::sample_std(&[1.0, 3.0]), Some(2f64.sqrt()));
/// assert_eq!(eval::stats::sample_std(&[1.0]), None);
/// ```
pub fn sample_std(values: &[f64]) -> Option<f64> {
    let centre = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}
