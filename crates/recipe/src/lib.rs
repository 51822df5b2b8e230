//! What a user asks for: YAML in, checked settings out.
//!
//! A recipe is one flat mapping. Its keys have TRL's names where TRL has one; `docs/recipes.md` lists them, made from the
//! documentation of the fields here. [`Recipe::load`] reads one with overrides from the command line and checks every
//! value, every combination and every file before anything expensive begins. What comes out cannot hold a wrong number:
//! ranges are types ([`Positive`], [`Count`], …), choices are enums, and settings that need each other live together.

mod checkpoints;
mod data;
mod dataset;
mod error;
mod files;
mod kind;
mod method;
mod model;
mod nearest;
mod nested;
mod optimiser;
mod precision;
mod recipe;
mod run;
mod schedule;
mod section;
mod setting;
mod targets;
mod unknown;
mod yaml;

pub use crate::recipe::Recipe;
pub use checkpoints::newest_checkpoint;
pub use data::{DataSettings, OnBadRow};
pub use dataset::DatasetSettings;
pub use error::{Place, Problem, RecipeError};
pub use kind::Kind;
pub use method::{
    AdvantageEstimator, AlphaDivergence, CappedRatio, ClippedRatio, Divergence, DpoSettings, GatedRatio,
    GrpoSettings, ImportanceLevel, JudgeTolerance, KlEstimator, KlSettings, LogBand, LossAggregation, Method,
    Overlong, PreferenceLoss, PreferenceLosses, RatioBand, Reference, ReinforceSettings, RewardScale,
    RewardSettings, RolloutPlan, SamplingSettings, ScaleRewards, SftLoss, SftSettings, Surrogate, Weighted,
    Whiten, WindowedRatio,
};
pub use model::{FullSettings, LoraSettings, ModelSettings, Tuning};
pub use nested::{Nested, NestedError};
pub use optimiser::OptimiserSettings;
pub use precision::{BasePrecision, BlockScales};
pub use run::{Duration, OnChangedInput, Resume, RunSettings};
pub use schedule::{CosineFloor, PolynomialDecay, Schedule, Warmup};
pub use section::Key;
pub use setting::{Count, Fraction, NonNegative, Nucleus, Part, Positive, Share, Smoothing};
pub use targets::Targets;
