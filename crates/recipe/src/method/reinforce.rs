//! Reinforcement learning with one completion per prompt: Reinforce++ as MAYE runs it.

use super::grpo::KlEstimator;
use super::reference::Reference;
use super::rewards::RewardSettings;
use super::sampling::SamplingSettings;
use super::surrogate::RatioBand;
use crate::error::RecipeError;
use crate::optimiser::OptimiserSettings;
use crate::section::{Reader, settings};
use crate::setting::{Count, Fraction, NonNegative, choices};

settings! {
    /// Reinforce++ (arXiv 2501.03262) with the settings of MAYE (arXiv 2504.02587).
    pub struct ReinforceSettings {
        /// Prompts of one generation, each with one completion. MAYE's `batch_size`.
        key rollout_batch_size: Count = |_| Count::constant(128);
        /// Leaves out the rows at the end of an epoch that do not fill a generation.
        key dataloader_drop_last: bool = |_| true;
        /// How often the completions of one generation are learnt from. MAYE's `ppo_epochs`.
        key num_iterations: Count = |_| Count::ONE;
        /// How completions are drawn.
        part sampling: SamplingSettings;
        /// What they are worth.
        part rewards: RewardSettings;
        /// Replaces the reward of a completion without an end token by `reward_penalty`.
        key penalise_no_eos: bool = |_| true;
        /// Replaces the reward of a completion with fewer tokens, its end token included, by `reward_penalty`.
        key min_response_length: u32 = |_| 1;
        /// The reward of such completions.
        key reward_penalty: f64 = |_| -0.1;
        /// How far the numbers of the `maye` reward may be from the solution.
        key judge_mode: JudgeTolerance = |_| JudgeTolerance::Tolerant;
        /// Weight of exactly one `<think>…</think>` in the `maye` reward. The published code has 1, the paper does not mention it.
        key format_weight: f64 = |_| 0.0;
        /// The share of a reward that reaches the token before: the discount.
        key gamma: Fraction = |_| Fraction::constant(1.0);
        /// How returns become advantages.
        key whiten: Whiten = |_| Whiten::ZeroMean;
        /// The band of the ratio.
        part band: RatioBand;
        /// How token losses become one number.
        key loss_agg: LossAggregation = |_| LossAggregation::SequenceMean;
        /// The estimator of the distance to the reference.
        key kl_estimator: KlEstimator = |_| KlEstimator::K3;
        /// Weight of that distance in the loss; with `kl_reward_coeff` 0 too there is no reference.
        key kl_loss_coeff: NonNegative = |_| NonNegative::constant(0.001);
        /// Weight of that distance in the reward of each token.
        key kl_reward_coeff: NonNegative = |_| NonNegative::constant(0.0);
        /// The reference.
        part reference: Reference;
    }
}

choices! {
    /// How far numbers may be from the solution.
    pub enum JudgeTolerance {
        /// One in a hundred, and at most 0.0101.
        Tolerant = "tolerant",
        /// One in a million, which is what the published judge amounts to.
        Strict = "strict",
    }
}

choices! {
    /// How returns become advantages, over all tokens of a generation.
    pub enum Whiten {
        /// Mean 0 and variance 1, as Reinforce++ is defined.
        ZeroMean = "zero_mean",
        /// Variance 1; the mean is added back, as MAYE was published.
        ReaddMean = "readd_mean",
        /// Mean 0 alone.
        Centre = "centre",
    }
}

choices! {
    /// How token losses become one number.
    pub enum LossAggregation {
        /// The mean over rows of the mean over tokens.
        SequenceMean = "sequence_mean",
        /// The mean over tokens, as MAYE was published.
        TokenMean = "token_mean",
    }
}

impl ReinforceSettings {
    /// Whether a reference model is compared with.
    pub fn needs_reference(&self) -> bool {
        self.kl_loss_coeff.get() > 0.0 || self.kl_reward_coeff.get() > 0.0
    }

    /// Optimiser steps of one pass over a generation.
    pub const fn steps_per_generation(&self, optimiser: &OptimiserSettings) -> usize {
        self.rollout_batch_size.get() / optimiser.rows_per_step()
    }

    pub(crate) fn check(
        &self,
        optimiser: &OptimiserSettings,
        reader: &Reader<'_>,
    ) -> Result<(), RecipeError> {
        self.sampling.check(reader)?;
        self.rewards.check(self.sampling.max_completion_length, reader)?;
        let rows = optimiser.rows_per_step();
        if !self.rollout_batch_size.get().is_multiple_of(rows) {
            let expected = format!("a multiple of the {rows} rows of one optimiser step");
            let fix =
                "change `rollout_batch_size`, `per_device_train_batch_size` or `gradient_accumulation_steps`";
            return Err(reader.conflict("rollout_batch_size", expected, fix));
        }
        let longest = self.sampling.max_completion_length.get();
        if self.min_response_length as usize > longest {
            let expected = format!("at most `max_completion_length`, which is {longest}");
            return Err(reader.conflict("min_response_length", expected, "lower `min_response_length`"));
        }
        Ok(())
    }
}
