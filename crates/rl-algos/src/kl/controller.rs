//! Coefficients that follow the KL they cause.

use serde::{Deserialize, Serialize};

use crate::error::{AlgoError, in_range};
use crate::hyper::Positive;

/// The proportional controller of PPO for language models.
///
/// β ← β·(1 + clip(KL/target − 1, ±0.2)·n/horizon)
///
/// | symbol | meaning |
/// |---|---|
/// | n | samples since the last update |
/// | horizon | samples after which a constant error of 1 would change β by a factor e |
///
/// Ziegler et al., arXiv 1909.08593, section 2.2.
///
/// By hand: β = 0.001, KL twice the target, n = 100, horizon = 10 000 → 0.001·(1 + 0.2·0.01) = 0.001002.
///
/// ```
/// use rl_algos::{Positive, kl::ProportionalKl};
/// let controller = ProportionalKl { target: Positive::new(0.1)?, horizon: Positive::new(1e4)? };
/// assert!((controller.next(0.001, 0.2, 100)? - 0.001_002).abs() < 1e-15);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProportionalKl {
    /// The KL to hold.
    pub target: Positive,
    /// How slowly to react.
    pub horizon: Positive,
}

impl ProportionalKl {
    /// β after `samples` samples that showed this KL. Never below 0.
    pub fn next(&self, beta: f64, kl: f64, samples: usize) -> Result<f64, AlgoError> {
        let kl = in_range("measured KL", kl, "a finite number", f64::is_finite)?;
        let error = (kl / self.target.get() - 1.0).clamp(-0.2, 0.2);
        Ok((beta * (1.0 + error * samples as f64 / self.horizon.get())).max(0.0))
    }
}

/// A thermostat: steps up above a band, down below it, rests inside.
///
/// β ← β·factor if KL > high, β/factor if KL < low, else β; always within [min, max]
///
/// Lever-Plus, second stage; the idea is PPO's adaptive penalty, arXiv 1707.06347 section 4.
///
/// By hand: β = 0.1 and KL 0.2 → 0.15; KL 0.005 → 0.066667; KL 0.05 → 0.1.
///
/// ```
/// use rl_algos::kl::BandedKl;
/// assert!((BandedKl::LEVER.next(0.1, 0.2)? - 0.15).abs() < 1e-12);
/// assert!((BandedKl::LEVER.next(0.1, 0.005)? - 0.066_667).abs() < 1e-6);
/// assert_eq!(BandedKl::LEVER.next(0.1, 0.05)?, 0.1);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BandedKl {
    /// Below this KL the coefficient falls.
    pub low: Positive,
    /// Above this KL it rises.
    pub high: Positive,
    /// One step.
    pub factor: Positive,
    /// Smallest coefficient.
    pub min: Positive,
    /// Largest coefficient.
    pub max: Positive,
}

impl BandedKl {
    /// Band 0.01 to 0.1, factor 1.5, coefficients from 0.001 to 10.
    pub const LEVER: Self = Self {
        low: Positive::constant(0.01),
        high: Positive::constant(0.1),
        factor: Positive::constant(1.5),
        min: Positive::constant(0.001),
        max: Positive::constant(10.0),
    };

    /// β after a batch that showed this KL.
    pub fn next(&self, beta: f64, kl: f64) -> Result<f64, AlgoError> {
        let kl = in_range("measured KL", kl, "a finite number", f64::is_finite)?;
        let step = match kl {
            kl if kl > self.high.get() => self.factor.get(),
            kl if kl < self.low.get() => self.factor.get().recip(),
            _ => 1.0,
        };
        Ok((beta * step).min(self.max.get()).max(self.min.get()))
    }
}
