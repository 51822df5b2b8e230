//! The learning rate over the run.

use crate::error::RecipeError;
use crate::kind::Kind;
use crate::section::{Entries, Key, Reader, Section, alternatives, settings};
use crate::setting::{At, Fraction, NonNegative, Positive, Setting, Share};
use crate::yaml::Content;

alternatives! {
    /// Shape of the learning rate over the run, by its name in transformers.
    pub enum Schedule by lr_scheduler_type = |kind| if kind == Kind::Reinforce { "cosine" } else { "linear" }; {
        /// The same from the first step to the last.
        Constant = "constant",
        /// Rises linearly, then stays.
        ConstantWithWarmup(Warmup) = "constant_with_warmup",
        /// Rises linearly, then falls linearly to 0.
        Linear(Warmup) = "linear",
        /// Rises linearly, then falls to 0 along half a cosine.
        Cosine(Warmup) = "cosine",
        /// Rises linearly, then falls along half a cosine to a share of the peak.
        CosineWithMinLr(CosineFloor) = "cosine_with_min_lr",
        /// Rises linearly, then falls along a power of the remaining share to `lr_end`.
        Polynomial(PolynomialDecay) = "polynomial",
        /// Rises linearly, then falls as one over the square root of the step.
        InverseSqrt(Warmup) = "inverse_sqrt",
    }
}

settings! {
    /// A cosine that does not end at 0.
    pub struct CosineFloor {
        /// The rise at the start.
        part warmup: Warmup;
        /// The last learning rate of `cosine_with_min_lr` as a share of the peak. transformers calls it `min_lr_rate` and
        /// has no default.
        key min_lr_ratio: Fraction = |_| Fraction::constant(0.1);
    }
}

settings! {
    /// lr = `lr_end` + (peak − `lr_end`)·(remaining share)^`lr_power`.
    pub struct PolynomialDecay {
        /// The rise at the start.
        part warmup: Warmup;
        /// The last learning rate of `polynomial`.
        key lr_end: NonNegative = |_| NonNegative::constant(1e-7);
        /// The exponent of `polynomial`.
        key lr_power: Positive = |_| Positive::constant(1.0);
    }
}

/// The linear rise at the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Warmup {
    /// So many optimiser steps; 0 is none.
    Steps(u32),
    /// This share of all optimiser steps, rounded up.
    Ratio(Fraction),
}

const STEPS: &str = "warmup_steps";
const RATIO: &str = "warmup_ratio";

impl Warmup {
    /// The number of steps that rise, out of `total`.
    ///
    /// ```
    /// use recipe::{Fraction, Warmup};
    /// assert_eq!(Warmup::Ratio(Fraction::new(0.1).unwrap()).steps(717), 72);
    /// assert_eq!(Warmup::Steps(500).steps(100), 100);
    /// ```
    pub fn steps(self, total: u64) -> u64 {
        match self {
            Self::Steps(steps) => u64::from(steps).min(total),
            Self::Ratio(ratio) => ((ratio.get() * total as f64).ceil() as u64).min(total),
        }
    }

    fn default_for(kind: Kind) -> Self {
        match kind {
            Kind::Reinforce => Self::Ratio(Fraction::constant(0.1)),
            _ => Self::Steps(0),
        }
    }
}

impl Section for Warmup {
    fn keys(kind: Kind, keys: &mut Vec<Key>) {
        let (steps, ratio) = match Self::default_for(kind) {
            Self::Steps(steps) => (Some(steps), None),
            Self::Ratio(ratio) => (None, Some(ratio)),
        };
        let doc = "Optimiser steps in which the learning rate rises from 0; a number below 1 is a share of all, as in \
                   transformers.";
        keys.push(Key::new(STEPS, &[doc], Some(steps.map(Self::Steps))));
        keys.push(Key::new(RATIO, &["The same as a share of all steps, rounded up."], Some(ratio)));
    }

    fn read(reader: &Reader<'_>) -> Result<Self, RecipeError> {
        match (reader.get(STEPS)?.flatten(), reader.get(RATIO)?.flatten()) {
            (Some(_), Some::<Fraction>(_)) => Err(reader.conflict(
                RATIO,
                format!("`{STEPS}` or `{RATIO}`, not both"),
                format!("remove `{RATIO}` or `{STEPS}`"),
            )),
            (Some(warmup), None) => Ok(warmup),
            (None, Some(ratio)) => Ok(Self::Ratio(ratio)),
            (None, None) => Ok(Self::default_for(reader.kind)),
        }
    }

    fn write(&self, out: &mut Entries) {
        let key = if matches!(self, Self::Steps(_)) { STEPS } else { RATIO };
        out.push((key, Setting::write(self)));
    }
}

/// `warmup_steps`, which may be a share.
impl Setting for Warmup {
    fn accepts() -> String {
        "a whole number from 0, or a number below 1".into()
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        match at.node.content {
            Content::Float(share) => match Share::new(share).and_then(|share| Fraction::new(share.get())) {
                Some(ratio) => Ok(Self::Ratio(ratio)),
                None => Err(at.out_of_range(<Self as Setting>::accepts())),
            },
            _ => u32::read(at).map(Self::Steps),
        }
    }

    fn write(&self) -> Content {
        match self {
            Self::Steps(steps) => steps.write(),
            Self::Ratio(ratio) => ratio.write(),
        }
    }
}

impl Schedule {
    /// The rise at the start.
    pub const fn warmup(&self) -> Warmup {
        match self {
            Self::Constant => Warmup::Steps(0),
            Self::ConstantWithWarmup(warmup)
            | Self::Linear(warmup)
            | Self::Cosine(warmup)
            | Self::InverseSqrt(warmup) => *warmup,
            Self::CosineWithMinLr(floor) => floor.warmup,
            Self::Polynomial(decay) => decay.warmup,
        }
    }

    pub(crate) fn check(&self, peak: Positive, reader: &Reader<'_>) -> Result<(), RecipeError> {
        match self {
            Self::Polynomial(decay) if decay.lr_end.get() >= peak.get() => Err(reader.conflict(
                "lr_end",
                format!("less than `learning_rate`, which is {:?}", peak.get()),
                "lower `lr_end` or raise `learning_rate`",
            )),
            _ => Ok(()),
        }
    }
}
