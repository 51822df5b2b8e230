//! Rewards of one query made comparable.

/// Spread below which rewards are only centred.
const MIN_STD: f64 = 1e-6;

/// How rewards of one query are normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalisation {
    /// (R − μ)/σ, clamped to ±3.
    #[default]
    ZScoreClamp,
    /// (R − μ)/σ
    ZScore,
    /// Ranks spread evenly over \[−1, 1\], ties averaged.
    Rank,
    /// As they are.
    None,
}

/// Normalises the rewards of one query; σ is the unbiased standard deviation, and below 10⁻⁶ rewards are only centred.
///
/// ```
/// use rewards::{Normalisation, normalise_rewards};
/// assert_eq!(normalise_rewards(&[0.2, 0.9, 0.5], Normalisation::Rank), [-1.0, 1.0, 0.0]);
/// ```
pub fn normalise_rewards(rewards: &[f64], how: Normalisation) -> Vec<f64> {
    match how {
        Normalisation::None => rewards.to_vec(),
        Normalisation::ZScore => z_scores(rewards),
        Normalisation::ZScoreClamp => z_scores(rewards).into_iter().map(|z| z.clamp(-3.0, 3.0)).collect(),
        Normalisation::Rank => ranks(rewards),
    }
}

fn z_scores(rewards: &[f64]) -> Vec<f64> {
    let n = rewards.len() as f64;
    let mean = rewards.iter().sum::<f64>() / n;
    let variance = rewards.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let std = if variance.is_finite() { variance.sqrt() } else { 0.0 };
    let scale = if std < MIN_STD { 1.0 } else { std };
    rewards.iter().map(|r| (r - mean) / scale).collect()
}

fn ranks(rewards: &[f64]) -> Vec<f64> {
    let last = rewards.len().saturating_sub(1) as f64;
    let rank = |r: &f64| {
        let below = rewards.iter().filter(|other| *other < r).count() as f64;
        let equal = rewards.iter().filter(|other| *other == r).count() as f64;
        below + (equal - 1.0) / 2.0
    };
    let spread = |rank: f64| if last > 0.0 { 2.0 * rank / last - 1.0 } else { 0.0 };
    rewards.iter().map(|r| spread(rank(r))).collect()
}
