//! Rewards by the names that recipes use.

use std::sync::Arc;

use crate::{
    AblationNecessity, AnswerParser, AnswerPart, Arbiter, ArbiterFailure, BoxedJudge, ChoiceAccuracy,
    CombinedReward, ContentPenalty, ContextPenalty, ContextRule, CountPenalty, CountingReward,
    DistanceReward, ExactMatch, GroundingAccuracy, GroundingFormat, GroupNecessity, JudgeMode,
    LanguagePenalty, Layout, LetterRange, LogicalConsistency, MathAccuracy, MayeReward, NecessityRules,
    NonRepeat, NumericAccuracy, PhrasePenalty, RefereedConsistency, RelationMatch, RepetitionPenalty,
    RewardFn, SoftOverlong, SpatialReward, SpatialWeights, Stability, ThinkAnswerFormat, UnknownName,
    ViewAnswerAccuracy, VqaAccuracy, VqaRule,
};

/// What some rewards need beyond their name.
///
/// ```
/// use std::sync::Arc;
/// use rewards::{Registry, ScriptedArbiter};
/// let registry = Registry { arbiter: Some(Arc::new(ScriptedArbiter::default())), ..Registry::default() };
/// assert!(registry.get("logical_consistency").is_ok());
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    /// The arbiter of `logical_consistency` and the names that begin so.
    pub arbiter: Option<Arc<dyn Arbiter>>,
    /// What a failed call of the arbiter is worth.
    pub arbiter_failure: ArbiterFailure,
    /// The limit and cache of `soft_overlong`.
    pub overlong: Option<SoftOverlong>,
    /// The settings of `necessity` and `necessity_ablation`.
    pub necessity: NecessityRules,
}

/// Why there is no reward for a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Nobody knows the name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The reward needs something the registry does not have.
    #[error("the reward {name:?} needs {needs}; set it in the recipe")]
    Missing {
        /// The reward.
        name: &'static str,
        /// What is missing.
        needs: &'static str,
    },
}

type Make = fn(&Registry) -> Result<Arc<dyn RewardFn>, RegistryError>;

/// Names, TRL's where TRL has one, with the reward each makes.
const TABLE: [(&str, Make); 45] = [
    ("accuracy_reward", |_| made(MathAccuracy)),
    ("answer_accuracy", |_| made(ViewAnswerAccuracy)),
    ("boxed_accuracy", |_| made(BoxedJudge::new(JudgeMode::Tolerant))),
    ("boxed_accuracy_strict", |_| made(BoxedJudge::new(JudgeMode::Strict))),
    ("choice_accuracy", |_| made(ChoiceAccuracy::default())),
    ("choice_accuracy_lenient", |_| choice(AnswerParser::Lenient)),
    ("choice_accuracy_published", |_| choice(AnswerParser::PublishedAccuracy)),
    ("choice_accuracy_strict", |_| choice(AnswerParser::Strict)),
    ("combined", |_| made(CombinedReward::default())),
    ("content_penalty", |_| made(ContentPenalty)),
    ("context_penalty", |_| made(ContextPenalty::default())),
    ("context_penalty_published", |_| made(ContextPenalty::new(ContextRule::Twenty))),
    ("count_penalty", |_| made(CountPenalty)),
    ("counting", |_| made(CountingReward)),
    ("distance", |_| made(DistanceReward)),
    ("exact", |_| made(ExactMatch::default())),
    ("exact_boxed", |_| made(ExactMatch::new(AnswerPart::Boxed))),
    ("exact_tag", |_| made(ExactMatch::new(AnswerPart::Tag))),
    ("format", |_| made(ThinkAnswerFormat::new(Layout::InOrder))),
    ("format_exact", |_| made(ThinkAnswerFormat::new(Layout::Exact))),
    ("format_full", |_| made(ThinkAnswerFormat::new(Layout::Full))),
    ("format_one_think", |_| made(ThinkAnswerFormat::new(Layout::OneThink))),
    ("get_soft_overlong_punishment", overlong),
    ("grounding_accuracy", |_| made(GroundingAccuracy)),
    ("grounding_format", |_| made(GroundingFormat)),
    ("language_penalty", |_| made(LanguagePenalty)),
    ("logical_consistency", |r| consistency(r, AnswerParser::Strict)),
    ("logical_consistency_binary", referee),
    ("logical_consistency_published", |r| consistency(r, AnswerParser::PublishedConsistency)),
    ("math_accuracy", |_| made(MathAccuracy)),
    ("maye", |_| made(MayeReward::default())),
    ("necessity", |r| made(GroupNecessity::new(Arc::new(ViewAnswerAccuracy), r.necessity))),
    ("necessity_ablation", |r| made(AblationNecessity::new(Arc::new(ViewAnswerAccuracy), r.necessity))),
    ("non_repeat", |_| made(NonRepeat)),
    ("numeric_accuracy", |_| made(NumericAccuracy::default())),
    ("phrase_penalty", |_| made(PhrasePenalty)),
    ("repetition_penalty", |_| made(RepetitionPenalty::default())),
    ("soft_overlong", overlong),
    ("spatial", |_| made(SpatialReward::default())),
    ("spatial_published", |_| made(SpatialReward::new(SpatialWeights::default(), RelationMatch::Substring))),
    ("stability", |_| made(Stability::default())),
    ("stability_published", |_| made(Stability::new(AnswerParser::PublishedStability))),
    ("think_format_reward", |_| made(ThinkAnswerFormat::new(Layout::LeadingThink))),
    ("vqa_accuracy", |_| made(VqaAccuracy::default())),
    ("vqa_accuracy_official", |_| made(VqaAccuracy::new(VqaRule::WhenAnnotatorsDiffer))),
];

fn made(reward: impl RewardFn + 'static) -> Result<Arc<dyn RewardFn>, RegistryError> {
    Ok(Arc::new(reward))
}

fn choice(parser: AnswerParser) -> Result<Arc<dyn RewardFn>, RegistryError> {
    made(ChoiceAccuracy::new(parser, LetterRange::A_TO_H))
}

fn overlong(registry: &Registry) -> Result<Arc<dyn RewardFn>, RegistryError> {
    let missing = RegistryError::Missing { name: "soft_overlong", needs: "a length limit and a cache" };
    made(registry.overlong.ok_or(missing)?)
}

fn arbiter(registry: &Registry) -> Result<Arc<dyn Arbiter>, RegistryError> {
    let missing = RegistryError::Missing { name: "logical_consistency", needs: "an arbiter" };
    registry.arbiter.clone().ok_or(missing)
}

fn consistency(registry: &Registry, parser: AnswerParser) -> Result<Arc<dyn RewardFn>, RegistryError> {
    let reward = LogicalConsistency::new(arbiter(registry)?).with_parser(parser);
    made(reward.on_failure(registry.arbiter_failure))
}

fn referee(registry: &Registry) -> Result<Arc<dyn RewardFn>, RegistryError> {
    made(RefereedConsistency::new(arbiter(registry)?).on_failure(registry.arbiter_failure))
}

impl Registry {
    /// The reward of a name.
    ///
    /// # Errors
    /// [`RegistryError::Unknown`] names the nearest known reward; [`RegistryError::Missing`] says what to set.
    ///
    /// ```
    /// use rewards::Registry;
    /// assert_eq!(Registry::default().get("spatial").unwrap().name(), "spatial");
    /// ```
    pub fn get(&self, name: &str) -> Result<Arc<dyn RewardFn>, RegistryError> {
        match TABLE.iter().find(|(known, _)| *known == name) {
            Some((_, make)) => make(self),
            None => Err(UnknownName::new("reward", name, &reward_names()).into()),
        }
    }
}

/// The reward of a name, for rewards that need nothing else.
///
/// # Errors
/// As [`Registry::get`].
///
/// ```
/// let error = rewards::reward_by_name("choice_acuracy").err().unwrap();
/// assert!(error.to_string().contains("did you mean \"choice_accuracy\""));
/// ```
pub fn reward_by_name(name: &str) -> Result<Arc<dyn RewardFn>, RegistryError> {
    Registry::default().get(name)
}

/// All names, sorted.
///
/// ```
/// assert!(rewards::reward_names().contains(&"math_accuracy"));
/// ```
pub fn reward_names() -> Vec<&'static str> {
    TABLE.iter().map(|(name, _)| *name).collect()
}
