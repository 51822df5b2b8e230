//! Reinforcement learning with groups of completions.

use super::advantage::AdvantageEstimator;
use super::reference::Reference;
use super::rewards::RewardSettings;
use super::sampling::SamplingSettings;
use super::surrogate::Surrogate;
use crate::error::RecipeError;
use crate::optimiser::OptimiserSettings;
use crate::section::{Reader, settings};
use crate::setting::{Count, Fraction, NonNegative, choices};

settings! {
    /// Reinforcement learning with groups of completions.
    pub struct GrpoSettings {
        /// Completions of one prompt: a group. Groups stay whole within an optimiser step; TRL may split them.
        key num_generations: Count = |_| Count::constant(8);
        /// Passes of `per_device_train_batch_size` completions that one generation serves; null is
        /// `gradient_accumulation_steps`: one optimiser step.
        key steps_per_generation: Option<Count> = |_| None;
        /// How often the completions of one generation are learnt from.
        key num_iterations: Count = |_| Count::ONE;
        /// How often a prompt whose completions all have one reward is replaced by another: DAPO's dynamic sampling. Not in
        /// TRL.
        key dynamic_sampling_rounds: u32 = |_| 0;
        /// Ends every prompt with a line that says what form its answer has, by the row's task: one short sentence, a single
        /// number, a number with its unit. Not in TRL.
        key task_hint: bool = |_| false;
        /// How completions are drawn.
        part sampling: SamplingSettings;
        /// What they are worth.
        part rewards: RewardSettings;
        /// How they are compared.
        part advantage: AdvantageEstimator;
        /// What is minimised.
        part surrogate: Surrogate;
        /// The distance to the reference.
        part kl: KlSettings;
        /// Leaves completions that were cut off at `max_completion_length` out of the loss; their rewards still count.
        key mask_truncated_completions: bool = |_| false;
        /// Share of tokens, those of highest entropy, that are learnt from.
        key top_entropy_quantile: Fraction = |_| Fraction::constant(1.0);
        /// Weight of the entropy that is rewarded.
        key entropy_coef: NonNegative = |_| NonNegative::constant(0.0);
    }
}

settings! {
    /// The distance to the reference, as a part of the loss.
    pub struct KlSettings {
        /// Weight of the distance to the reference model; 0 does without one.
        key beta: NonNegative = |_| NonNegative::constant(0.0);
        /// The estimator of the distance.
        key kl_estimator: KlEstimator = |_| KlEstimator::K3;
        /// Weighs the estimate by the ratio between new and old policy, which makes its gradient unbiased.
        key use_bias_correction_kl: bool = |_| true;
        /// The reference.
        part reference: Reference;
    }
}

choices! {
    /// An estimator of the distance d = ln π − ln π_ref of a token.
    pub enum KlEstimator {
        /// d.
        K1 = "k1",
        /// ½d².
        K2 = "k2",
        /// e^(−d) + d − 1.
        K3 = "k3",
        /// |d|.
        Abs = "abs",
    }
}

/// How many prompts and completions a generation has, and how it is learnt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolloutPlan {
    /// Prompts of one generation.
    pub prompts: usize,
    /// Completions of each prompt.
    pub completions_per_prompt: usize,
    /// Optimiser steps on one generation, before it is used again by `num_iterations`.
    pub steps: usize,
}

impl GrpoSettings {
    /// What one generation is made of. As in TRL `per_device_train_batch_size` counts completions.
    pub fn plan(&self, optimiser: &OptimiserSettings) -> RolloutPlan {
        let accumulation = optimiser.gradient_accumulation_steps;
        let passes = self.steps_per_generation.unwrap_or(accumulation).get();
        let completions = optimiser.per_device_train_batch_size.get().saturating_mul(passes);
        RolloutPlan {
            prompts: completions / self.num_generations.get(),
            completions_per_prompt: self.num_generations.get(),
            steps: passes / accumulation.get(),
        }
    }

    pub(crate) fn check(
        &self,
        optimiser: &OptimiserSettings,
        reader: &Reader<'_>,
    ) -> Result<(), RecipeError> {
        self.sampling.check(reader)?;
        self.rewards.check(self.sampling.max_completion_length, reader)?;
        self.surrogate.check(reader)?;
        self.check_groups(optimiser, reader)?;
        if self.top_entropy_quantile.get() == 0.0 {
            let fix = "set `top_entropy_quantile: 1.0` for all tokens, 0.2 for a fifth of them";
            return Err(reader.conflict("top_entropy_quantile", "a share above 0", fix));
        }
        Ok(())
    }

    fn check_groups(&self, optimiser: &OptimiserSettings, reader: &Reader<'_>) -> Result<(), RecipeError> {
        if self.num_generations == Count::ONE {
            let fix = "set `num_generations: 8`; `anneal reinforce` learns from single completions";
            return Err(reader.conflict("num_generations", "at least 2 completions to compare", fix));
        }
        let rows = optimiser.per_device_train_batch_size.get();
        let accumulation = optimiser.gradient_accumulation_steps.get();
        let passes = self.steps_per_generation.map_or(accumulation, Count::get);
        if !passes.is_multiple_of(accumulation) {
            let fix = "make `steps_per_generation` a multiple of `gradient_accumulation_steps`, or remove it";
            let expected = format!("a multiple of `gradient_accumulation_steps`, which is {accumulation}");
            return Err(reader.conflict("steps_per_generation", expected, fix));
        }
        let completions = optimiser.rows_per_step();
        if !completions.is_multiple_of(self.num_generations.get()) {
            let expected = format!(
                "a divisor of the {completions} completions of one optimiser step ({rows} a pass, {accumulation} passes)"
            );
            let fix =
                "change `num_generations`, `per_device_train_batch_size` or `gradient_accumulation_steps`";
            return Err(reader.conflict("num_generations", expected, fix));
        }
        Ok(())
    }
}
