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

/// Names, TRL's where TRL has one, each in a sentence, with the reward it makes.
const TABLE: [(&str, &str, Make); 45] = [
    (
        "accuracy_reward",
        "1 if the answer equals the right one as mathematics, else 0; TRL's name of `math_accuracy`.",
        |_| made(MathAccuracy),
    ),
    (
        "answer_accuracy",
        "1 if the answer block, or the whole text without one, is the right answer in letters or numbers, without algebra (CoVT).",
        |_| made(ViewAnswerAccuracy),
    ),
    (
        "boxed_accuracy",
        "1 if the last box holds the right answer: items in any order, numbers within one in a hundred (MAYE).",
        |_| made(BoxedJudge::new(JudgeMode::Tolerant)),
    ),
    ("boxed_accuracy_strict", "The same with numbers within one in a million.", |_| {
        made(BoxedJudge::new(JudgeMode::Strict))
    }),
    (
        "choice_accuracy",
        "1 if the letter of the chosen option is the right one: of the last `<answer>` block, which holds exactly one letter.",
        |_| made(ChoiceAccuracy::default()),
    ),
    (
        "choice_accuracy_lenient",
        "The same for a letter in a phrase such as \"the answer is B\", too.",
        |_| choice(AnswerParser::Lenient),
    ),
    ("choice_accuracy_published", "The same as Logic-V's script reads it, faults included.", |_| {
        choice(AnswerParser::PublishedAccuracy)
    }),
    ("choice_accuracy_strict", "`choice_accuracy` by another name.", |_| choice(AnswerParser::Strict)),
    ("combined", "`counting`, `distance` or `spatial`, by the row's `task_type`.", |_| {
        made(CombinedReward::default())
    }),
    ("content_penalty", "−0.5 when nothing but visual notes was thought (CoVT).", |_| made(ContentPenalty)),
    (
        "context_penalty",
        "−0.5 when the words of a visual note do not stand within 100 characters before it (CoVT).",
        |_| made(ContextPenalty::default()),
    ),
    ("context_penalty_published", "−1 within 20 characters, as published.", |_| {
        made(ContextPenalty::new(ContextRule::Twenty))
    }),
    (
        "count_penalty",
        "−1 unless the think block holds exactly as many visual notes as a picture has (CoVT).",
        |_| made(CountPenalty),
    ),
    ("counting", "Nearness of the first number to the right count, from −0.5 to 1.", |_| {
        made(CountingReward)
    }),
    (
        "distance",
        "Nearness of the first number with its unit to the right distance, from −0.5 to 1.",
        |_| made(DistanceReward),
    ),
    ("exact", "1 if the whole completion is the right answer, blanks around it aside, else 0.", |_| {
        made(ExactMatch::default())
    }),
    ("exact_boxed", "The same for the last `\\boxed{…}`.", |_| made(ExactMatch::new(AnswerPart::Boxed))),
    ("exact_tag", "The same for the last `<answer>` block.", |_| made(ExactMatch::new(AnswerPart::Tag))),
    ("format", "1 if a think block and an answer block follow each other, else 0.", |_| {
        made(ThinkAnswerFormat::new(Layout::InOrder))
    }),
    ("format_exact", "The same with nothing around and between them, to the letter (CoVT).", |_| {
        made(ThinkAnswerFormat::new(Layout::Exact))
    }),
    ("format_full", "The same with nothing but blanks around and between them.", |_| {
        made(ThinkAnswerFormat::new(Layout::Full))
    }),
    ("format_one_think", "1 for exactly one closed think block, anywhere (MAYE).", |_| {
        made(ThinkAnswerFormat::new(Layout::OneThink))
    }),
    ("get_soft_overlong_punishment", "TRL's name of `soft_overlong`.", overlong),
    (
        "grounding_accuracy",
        "Agreement of the objects in the answer block with the right ones, from 0 to 3 (CoVT).",
        |_| made(GroundingAccuracy),
    ),
    (
        "grounding_format",
        "From 0 to 3: the exact layout, and boxes and points that are lists of four and two numbers (CoVT).",
        |_| made(GroundingFormat),
    ),
    ("language_penalty", "−0.1 times the share of ideographs (MAYE).", |_| made(LanguagePenalty)),
    (
        "logical_consistency",
        "Whether an arbiter comes from the reasoning to the same letter, times its certainty (Logic-V). Needs an arbiter, which a program gives.",
        |r| consistency(r, AnswerParser::Strict),
    ),
    (
        "logical_consistency_binary",
        "1 if the letter is right and a referee comes to it from the reasoning. Needs an arbiter.",
        referee,
    ),
    (
        "logical_consistency_published",
        "`logical_consistency` as Logic-V's script reads the letter. Needs an arbiter.",
        |r| consistency(r, AnswerParser::PublishedConsistency),
    ),
    ("math_accuracy", "1 if the answer equals the right one as mathematics, else 0.", |_| made(MathAccuracy)),
    (
        "maye",
        "Accuracy of the last box, less `language_penalty`, plus `format_weight` times the format: MAYE's score.",
        |_| made(MayeReward::default()),
    ),
    (
        "necessity",
        "What visual notes gained: right answers with them beside those of the group without them (CoVT).",
        |r| made(GroupNecessity::new(Arc::new(ViewAnswerAccuracy), r.necessity)),
    ),
    ("necessity_ablation", "What visual notes gained, by continuations without them (CoVT).", |r| {
        made(AblationNecessity::new(Arc::new(ViewAnswerAccuracy), r.necessity))
    }),
    ("non_repeat", "0 as soon as two sentences equal earlier ones, else 1 (CoVT).", |_| made(NonRepeat)),
    (
        "numeric_accuracy",
        "1 if the number of the answer, in the right unit, is within the tolerance, else 0.",
        |_| made(NumericAccuracy::default()),
    ),
    (
        "phrase_penalty",
        "−1 when a phrase that announces a visual note is not followed by it (CoVT).",
        |_| made(PhrasePenalty),
    ),
    (
        "repetition_penalty",
        "Down to −1 for the share of three words in a row that were there before (open-r1).",
        |_| made(RepetitionPenalty::default()),
    ),
    (
        "soft_overlong",
        "Falls from 0 to −1 over the last `soft_punish_cache` tokens before the limit (DAPO).",
        overlong,
    ),
    ("spatial", "Exact answer, relations and form of a spatial answer, weighted, from −1 to 1.", |_| {
        made(SpatialReward::default())
    }),
    ("spatial_published", "The same with relations looked for anywhere in a word, as published.", |_| {
        made(SpatialReward::new(SpatialWeights::default(), RelationMatch::Substring))
    }),
    ("stability", "Agreement of the reasoning of right answers in a group (Logic-V).", |_| {
        made(Stability::default())
    }),
    ("stability_published", "The same as Logic-V's script reads the letter.", |_| {
        made(Stability::new(AnswerParser::PublishedStability))
    }),
    (
        "think_format_reward",
        "1 if the completion begins with its only, closed think block, else 0; TRL's.",
        |_| made(ThinkAnswerFormat::new(Layout::LeadingThink)),
    ),
    (
        "vqa_accuracy",
        "Share of annotators whose answer it is, up to 1 for three of ten; answers are normalised.",
        |_| made(VqaAccuracy::default()),
    ),
    (
        "vqa_accuracy_official",
        "The same with answers normalised only where annotators differ, as in the official script.",
        |_| made(VqaAccuracy::new(VqaRule::WhenAnnotatorsDiffer)),
    ),
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
        match TABLE.iter().find(|(known, ..)| *known == name) {
            Some((.., make)) => make(self),
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
    TABLE.iter().map(|(name, ..)| *name).collect()
}

/// All names with what each rewards, in a sentence.
///
/// ```
/// assert!(rewards::reward_sentences().iter().any(|(name, sentence)| *name == "exact" && sentence.contains("1 if")));
/// ```
pub fn reward_sentences() -> Vec<(&'static str, &'static str)> {
    TABLE.iter().map(|(name, sentence, _)| (*name, *sentence)).collect()
}
