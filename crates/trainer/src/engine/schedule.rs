//! The learning rate over time, as transformers names and computes it.

/// The shape of the curve after warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Decay {
    /// η.
    Constant,
    /// From η to 0 in a straight line.
    #[default]
    Linear,
    /// η · ½(1 + cos πp), from η to `floor`·η.
    Cosine {
        /// Share of η that is left at the end.
        floor: f64,
    },
    /// (η − η_end)(1 − p)^power + η_end, with η_end = `end`·η.
    Polynomial {
        /// The exponent.
        power: f64,
        /// Share of η that is left at the end.
        end: f64,
    },
    /// η · √(w / k) after w updates of warm-up; without warm-up η · √(n / (n + k)) with n = 10 000.
    InverseSqrt,
}

/// Factor on the learning rate at each update: a straight line up to 1 during warm-up, then [`Decay`].
///
/// With k updates made, w of warm-up and n in all, p = (k − w) / max(1, n − w):
///
/// | decay | factor for k ≥ w |
/// |---|---|
/// | constant | 1 |
/// | linear | max(0, 1 − p) |
/// | cosine | floor + (1 − floor) · ½(1 + cos πp) |
///
/// The first update of a warm-up has factor 0, as in transformers.
///
/// ```
/// use trainer::engine::{Decay, Schedule};
/// let schedule = Schedule { decay: Decay::Linear, warmup: 2, total: 6 };
/// assert_eq!([0, 1, 2, 4, 6].map(|k| schedule.factor(k)), [0.0, 0.5, 1.0, 0.5, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// The curve.
    pub decay: Decay,
    /// Updates of warm-up.
    pub warmup: u64,
    /// Updates of the whole run.
    pub total: u64,
}

impl Schedule {
    /// The factor for the update after `k` updates.
    pub fn factor(&self, k: u64) -> f64 {
        if k < self.warmup {
            return k as f64 / self.warmup as f64;
        }
        let rest = self.total.saturating_sub(self.warmup).max(1);
        let p = (k - self.warmup) as f64 / rest as f64;
        match self.decay {
            Decay::Constant => 1.0,
            Decay::Linear => (1.0 - p).max(0.0),
            Decay::Cosine { floor } => {
                let wave = 0.5 * (1.0 + (std::f64::consts::PI * p).cos());
                (floor + (1.0 - floor) * wave).max(0.0)
            }
            Decay::Polynomial { power, end } => (1.0 - end) * (1.0 - p.min(1.0)).powf(power) + end,
            Decay::InverseSqrt => {
                let (scale, k) = if self.warmup > 0 { (self.warmup, k) } else { (10_000, k + 10_000) };
                (scale as f64 / k as f64).sqrt()
            }
        }
    }
}
