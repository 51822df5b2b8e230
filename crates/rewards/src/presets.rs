//! The weighted sums of the published systems.

use std::sync::Arc;

use crate::{
    Arbiter, ChoiceAccuracy, CombinedReward, ContentPenalty, ContextPenalty, CountPenalty, Finite,
    GroundingAccuracy, GroundingFormat, GroupNecessity, Layout, LogicalConsistency, MayeReward,
    NecessityRules, NonRepeat, PhrasePenalty, RewardSet, Stability, ThinkAnswerFormat, ViewAnswerAccuracy,
};

/// Weights of Logic-V's four rewards: choice accuracy, format, logical consistency, stability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogicPreset {
    /// 7, 5, 2, 1: the settings in the released checkpoint.
    #[default]
    Released,
    /// 7, 1, 1, 1: the published launch script.
    Launcher,
}

/// Logic-V's total.
///
/// ```
/// use std::sync::Arc;
/// use rewards::{LogicPreset, ScriptedArbiter, logic_rewards};
/// assert_eq!(logic_rewards(LogicPreset::Released, Arc::new(ScriptedArbiter::default())).len(), 4);
/// ```
pub fn logic_rewards(preset: LogicPreset, arbiter: Arc<dyn Arbiter>) -> RewardSet {
    let [accuracy, format, consistency, stability] = match preset {
        LogicPreset::Released => [7.0, 5.0, 2.0, 1.0],
        LogicPreset::Launcher => [7.0, 1.0, 1.0, 1.0],
    };
    RewardSet::new()
        .with(ChoiceAccuracy::default(), accuracy)
        .with(ThinkAnswerFormat::strict(), format)
        .with(LogicalConsistency::new(arbiter), consistency)
        .with(Stability::default(), stability)
}

/// The sums of CoVT-Reasoner, with F format, A accuracy, N non-repeat, P the penalties and R the necessity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CovtPreset {
    /// F + A + N + P_content + P_phrase + R; in \[−1, 4\].
    #[default]
    ViewNecessity,
    /// F + A + N + P_content + P_phrase on grounding rows, as published; in \[−1, 7\].
    Grounding,
    /// `ViewNecessity` + P_context + P_count.
    AllPenalties,
    /// F/2 + A/2.
    Plain,
}

/// CoVT's total.
///
/// ```
/// use rewards::{CovtPreset, covt_rewards};
/// assert_eq!(covt_rewards(CovtPreset::Plain).names(), ["format_exact", "answer_accuracy"]);
/// ```
pub fn covt_rewards(preset: CovtPreset) -> RewardSet {
    let format = ThinkAnswerFormat::new(Layout::Exact);
    let penalties =
        |set: RewardSet| set.with(NonRepeat, 1.0).with(ContentPenalty, 1.0).with(PhrasePenalty, 1.0);
    let view = || penalties(RewardSet::new().with(format, 1.0).with(ViewAnswerAccuracy, 1.0));
    let necessity = || GroupNecessity::new(Arc::new(ViewAnswerAccuracy), NecessityRules::default());
    match preset {
        CovtPreset::ViewNecessity => view().with(necessity(), 1.0),
        CovtPreset::AllPenalties => {
            view().with(necessity(), 1.0).with(ContextPenalty::default(), 1.0).with(CountPenalty, 1.0)
        }
        CovtPreset::Grounding => {
            penalties(RewardSet::new().with(GroundingFormat, 1.0).with(GroundingAccuracy, 1.0))
        }
        CovtPreset::Plain => RewardSet::new().with(format, 0.5).with(ViewAnswerAccuracy, 0.5),
    }
}

/// The settings of necessity on grounding rows: right from an accuracy of 1.5.
///
/// ```
/// assert_eq!(rewards::grounding_necessity().correct_from.get(), 1.5);
/// ```
pub fn grounding_necessity() -> NecessityRules {
    NecessityRules { correct_from: Finite::constant(1.5), ..NecessityRules::default() }
}

/// The one reward of spatial post-training: by the task of the sample.
///
/// ```
/// assert_eq!(rewards::spatial_rewards().names(), ["combined"]);
/// ```
pub fn spatial_rewards() -> RewardSet {
    RewardSet::new().with(CombinedReward::default(), 1.0)
}

/// MAYE's score.
///
/// ```
/// assert_eq!(rewards::maye_rewards().names(), ["maye"]);
/// ```
pub fn maye_rewards() -> RewardSet {
    RewardSet::new().with(MayeReward::default(), 1.0)
}
