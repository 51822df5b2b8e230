//! What a user can choose about learning from a model's own answers.

use super::advantage::AdvantageRule;
use super::surrogate::Surrogate;
use rl_algos::kl::Estimator;
use rl_algos::{Aggregation, Fraction, SamplingParams};
use rollout::SamplerSettings;
use vlm_model::Activations;

/// How many prompts are answered, and how often the answers are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// G: completions of a prompt.
    pub completions: usize,
    /// Prompts of one update.
    pub prompts: usize,
    /// Updates that share one generation, each with prompts of its own.
    pub updates: usize,
    /// Passes over a generation.
    pub passes: usize,
    /// Completions that go through the network together.
    pub micro: usize,
}

impl Rhythm {
    /// Updates until each of `rows` prompts was answered once.
    pub fn updates_of(&self, rows: u64) -> f64 {
        let generations = rows as f64 / (self.prompts * self.updates) as f64;
        generations * (self.updates * self.passes) as f64
    }
}

/// Who the reference is, where a loss or a reward wants one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reference {
    /// The model without its adapters.
    Base,
    /// The weights the run started from.
    #[default]
    Start,
}

/// The KL to the reference in the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KlTerm {
    /// β.
    pub beta: f64,
    /// The estimator.
    pub estimator: Estimator,
    /// Whether the estimate is weighted with ρ: TRL's default since 1.16.
    pub correction: KlCorrection,
    /// Largest magnitude of the averaged term, where it is limited (MAYE: 10).
    pub limit: Option<f64>,
}

/// Whether the KL estimate is corrected for the distance between policy and sampler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KlCorrection {
    /// ρ·k.
    #[default]
    ImportanceWeighted,
    /// k alone.
    Plain,
}

/// What becomes of completions that the length limit cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Truncated {
    /// They count like others.
    #[default]
    Keep,
    /// They stay in the baseline but not in the loss.
    Mask,
}

/// What token losses are divided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Divisor {
    /// By the totals of the whole update, whatever the split.
    Update(Aggregation),
    /// By each micro-batch's own totals, then by their number: TRL's `bnpo`.
    MicroBatch(Aggregation),
}

/// The loss of an update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossSettings {
    /// The policy loss.
    pub surrogate: Surrogate,
    /// The average.
    pub divisor: Divisor,
    /// The KL term, where there is one.
    pub kl: Option<KlTerm>,
    /// Truncated completions.
    pub truncated: Truncated,
    /// Learn only from this share of the tokens, those with the highest entropy.
    pub top_entropy: Option<Fraction>,
    /// Weight of the mean entropy, which is rewarded; 0 for none.
    pub entropy_bonus: f64,
}

/// Everything about a run of online learning.
#[derive(Clone, Debug, PartialEq)]
pub struct OnlineSettings {
    /// Prompts, completions, updates.
    pub rhythm: Rhythm,
    /// Rounds in which prompts whose completions all have one reward make room for fresh ones.
    pub fresh_rounds: u32,
    /// How completions are drawn.
    pub sampling: SamplingParams,
    /// Stop ids, forbidden ids and memory of the sampler.
    pub sampler: SamplerSettings,
    /// Who is the reference.
    pub reference: Reference,
    /// Rewards to advantages.
    pub advantage: AdvantageRule,
    /// Advantages to a loss.
    pub loss: LossSettings,
    /// What a pass keeps for its gradient.
    pub activations: Activations,
}

impl OnlineSettings {
    /// Whether log-probabilities under the reference are needed.
    pub fn needs_reference(&self) -> bool {
        self.loss.kl.is_some() || self.advantage.needs_reference()
    }

    /// Whether each generation serves one update only, so that the policy that learns is the one that wrote.
    pub fn is_on_policy(&self) -> bool {
        self.rhythm.updates == 1 && self.rhythm.passes == 1
    }
}
