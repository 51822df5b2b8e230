//! The losses of reinforcement learning.

use crate::error::RecipeError;
use crate::section::{Reader, alternatives, settings};
use crate::setting::{Fraction, NonNegative, Positive, choices};

alternatives! {
    /// The loss of a completion, by its name in TRL: what is clipped and what is averaged over.
    pub enum Surrogate by loss_type = |_| "dapo"; {
        /// PPO's clip; the mean over all tokens of the step.
        Dapo(ClippedRatio) = "dapo",
        /// PPO's clip; the mean over rows of the mean over tokens.
        Grpo(ClippedRatio) = "grpo",
        /// PPO's clip; the mean over the tokens of one pass, so that it depends on how a step is split.
        Bnpo(ClippedRatio) = "bnpo",
        /// PPO's clip; the sum over tokens divided by rows times `max_completion_length`.
        DrGrpo(ClippedRatio) = "dr_grpo",
        /// REINFORCE with a capped, constant ratio: no token is left out.
        Cispo(CappedRatio) = "cispo",
        /// A smooth gate instead of the clip.
        Sapo(GatedRatio) = "sapo",
        /// GSPO's sequence ratio; each row counts by its length.
        Luspo(RatioBand) = "luspo",
        /// A smooth window over the whole sequence's ratio.
        Vespo(WindowedRatio) = "vespo",
        /// The geometric mean of clipped ratios. Not in TRL.
        Gmpo(LogBand) = "gmpo",
    }
}

choices! {
    /// What a ratio is of.
    pub enum ImportanceLevel {
        /// A token.
        Token = "token",
        /// A completion, by the mean over its tokens: GSPO.
        Sequence = "sequence",
    }
}

settings! {
    /// The band in which the ratio between new and old policy moves freely.
    pub struct RatioBand {
        /// Width of the band below 1. For `gmpo` the width of ln ρ below 0, 0.4 by default.
        key epsilon: Fraction = |_| Fraction::constant(0.2);
        /// Width of the band above 1; null is `epsilon`. For `cispo` the largest ratio itself, 5 by default.
        key epsilon_high: Option<NonNegative> = |_| None;
    }
}

settings! {
    /// PPO's clip.
    pub struct ClippedRatio {
        /// The band.
        part band: RatioBand;
        /// Caps the ratio itself, above the band: two-sided clipping. Null does not.
        key delta: Option<Positive> = |_| None;
        /// What a ratio is of.
        key importance_sampling_level: ImportanceLevel = |_| ImportanceLevel::Token;
    }
}

settings! {
    /// CISPO's cap.
    pub struct CappedRatio {
        /// The largest ratio. TRL: `epsilon`, 0.2, which caps every token.
        key epsilon_high: Positive = |_| Positive::constant(5.0);
    }
}

settings! {
    /// SAPO's gate.
    pub struct GatedRatio {
        /// How fast the gate of `sapo` closes for tokens with a positive advantage.
        key sapo_temperature_pos: Positive = |_| Positive::constant(1.0);
        /// How fast the gate of `sapo` closes for the others.
        key sapo_temperature_neg: Positive = |_| Positive::constant(1.05);
    }
}

settings! {
    /// VESPO's windows w^k·e^(λ(1 − w)).
    pub struct WindowedRatio {
        /// k of `vespo` for completions with a positive advantage.
        key vespo_k_pos: Positive = |_| Positive::constant(2.0);
        /// λ of `vespo` for them.
        key vespo_lambda_pos: Positive = |_| Positive::constant(3.0);
        /// k of `vespo` for the others.
        key vespo_k_neg: Positive = |_| Positive::constant(3.0);
        /// λ of `vespo` for the others.
        key vespo_lambda_neg: Positive = |_| Positive::constant(2.0);
    }
}

settings! {
    /// GMPO's band in log space.
    pub struct LogBand {
        /// Width of the band below 1. For `gmpo` the width of ln ρ.
        key epsilon: Fraction = |_| Fraction::constant(0.4);
        /// Width of the band above 1; null is `epsilon`.
        key epsilon_high: Option<NonNegative> = |_| None;
    }
}

impl RatioBand {
    /// The widths below and above 1.
    pub fn widths(&self) -> (f64, f64) {
        let low = self.epsilon.get();
        (low, self.epsilon_high.map_or(low, NonNegative::get))
    }
}

impl LogBand {
    /// The widths of ln ρ below and above 0.
    pub fn widths(&self) -> (f64, f64) {
        let low = self.epsilon.get();
        (low, self.epsilon_high.map_or(low, NonNegative::get))
    }
}

impl Surrogate {
    pub(crate) fn check(&self, reader: &Reader<'_>) -> Result<(), RecipeError> {
        let (Self::Dapo(clip) | Self::Grpo(clip) | Self::Bnpo(clip) | Self::DrGrpo(clip)) = self else {
            return Ok(());
        };
        if clip.delta.is_some() && clip.importance_sampling_level == ImportanceLevel::Sequence {
            let fix = "remove `delta`, or set `importance_sampling_level: token`";
            return Err(reader.conflict("delta", "`importance_sampling_level: token` beside it", fix));
        }
        let top = 1.0 + clip.band.widths().1;
        match clip.delta {
            Some(delta) if delta.get() <= top => Err(reader.conflict(
                "delta",
                format!("more than 1 + `epsilon_high`, which is {top:?}: below it the clip never acts"),
                "raise `delta`, or remove it",
            )),
            _ => Ok(()),
        }
    }
}
