//! How the completions of a group are compared.

use crate::section::{alternatives, settings};
use crate::setting::choices;

alternatives! {
    /// How the rewards of a group become advantages. TRL has `grpo` and `gdpo` only, the latter as
    /// `multi_objective_aggregation: normalize_then_sum`.
    pub enum AdvantageEstimator by advantage_estimator = |_| "grpo"; {
        /// The distance from the group's mean, scaled.
        Grpo(RewardScale) = "grpo",
        /// The distance from the mean of the others.
        Rloo = "rloo",
        /// The distance from the length-weighted mean.
        Opo = "opo",
        /// The distance from the mean, divided by the mean.
        Maxrl = "maxrl",
        /// The distance from the mean, scaled up by the share of rows with a reward.
        Gpg = "gpg",
        /// The lead of the best completion over the second, for the best alone.
        PassAtK = "pass_at_k",
        /// Each reward function scaled within the group on its own, then added up.
        Gdpo = "gdpo",
        /// The distance from the reward of the greedy completion, which is drawn besides.
        Remax = "remax",
        /// The distance from the group's mean, whitened over all tokens of the step.
        ReinforcePpBaseline = "reinforce_pp_baseline",
    }
}

settings! {
    /// What the distance from the mean is divided by.
    pub struct RewardScale {
        /// What the distance from the mean is divided by.
        key scale_rewards: ScaleRewards = |_| ScaleRewards::Group;
    }
}

choices! {
    /// The deviation that rewards are divided by.
    pub enum ScaleRewards {
        /// That of the group. TRL also takes true.
        Group = "group" | "true",
        /// That of the whole step.
        Batch = "batch",
        /// None: Dr. GRPO. TRL also takes false.
        None = "none" | "false",
    }
}
