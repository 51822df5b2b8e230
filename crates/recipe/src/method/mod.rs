//! What is particular to each kind of training.

mod advantage;
mod dpo;
mod grpo;
mod overlong;
mod preference;
mod reference;
mod reinforce;
mod rewards;
mod sampling;
mod sft;
mod surrogate;
mod weighted;

pub use advantage::{AdvantageEstimator, RewardScale, ScaleRewards};
pub use dpo::{AlphaDivergence, Divergence, DpoSettings, PreferenceLosses};
pub use grpo::{GrpoSettings, KlEstimator, KlSettings, RolloutPlan};
pub use overlong::Overlong;
pub use preference::PreferenceLoss;
pub use reference::Reference;
pub use reinforce::{JudgeTolerance, LossAggregation, ReinforceSettings, Whiten};
pub use rewards::RewardSettings;
pub use sampling::SamplingSettings;
pub use sft::{SftLoss, SftSettings};
pub use surrogate::{
    CappedRatio, ClippedRatio, GatedRatio, ImportanceLevel, LogBand, RatioBand, Surrogate, WindowedRatio,
};
pub use weighted::Weighted;

use crate::error::RecipeError;
use crate::kind::Kind;
use crate::section::{Entries, Key, Reader, Section};

/// What is particular to the kind of training.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// Supervised fine-tuning.
    Sft(SftSettings),
    /// Preference optimisation.
    Dpo(DpoSettings),
    /// Reinforcement learning with groups.
    Grpo(Box<GrpoSettings>),
    /// Reinforcement learning without groups.
    Reinforce(Box<ReinforceSettings>),
}

impl Method {
    /// The kind of training.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Sft(_) => Kind::Sft,
            Self::Dpo(_) => Kind::Dpo,
            Self::Grpo(_) => Kind::Grpo,
            Self::Reinforce(_) => Kind::Reinforce,
        }
    }
}

impl Section for Method {
    fn keys(kind: Kind, keys: &mut Vec<Key>) {
        match kind {
            Kind::Sft => SftSettings::keys(kind, keys),
            Kind::Dpo => DpoSettings::keys(kind, keys),
            Kind::Grpo => GrpoSettings::keys(kind, keys),
            Kind::Reinforce => ReinforceSettings::keys(kind, keys),
        }
    }

    fn read(reader: &Reader<'_>) -> Result<Self, RecipeError> {
        match reader.kind {
            Kind::Sft => SftSettings::read(reader).map(Self::Sft),
            Kind::Dpo => DpoSettings::read(reader).map(Self::Dpo),
            Kind::Grpo => GrpoSettings::read(reader).map(Box::new).map(Self::Grpo),
            Kind::Reinforce => ReinforceSettings::read(reader).map(Box::new).map(Self::Reinforce),
        }
    }

    fn write(&self, out: &mut Entries) {
        match self {
            Self::Sft(settings) => settings.write(out),
            Self::Dpo(settings) => settings.write(out),
            Self::Grpo(settings) => settings.write(out),
            Self::Reinforce(settings) => settings.write(out),
        }
    }
}
