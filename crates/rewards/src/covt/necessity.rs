//! Were the visual features needed? Two answers: from the group alone, and from a continuation without features.

use std::sync::Arc;

use super::pads::uses_features;
use crate::{Completion, Finite, Group, Outcome, RewardError, RewardFn, Sample};

/// How features are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeatureProfile {
    /// Runs of pad tokens inside the think text.
    #[default]
    Covt,
    /// Latent segments.
    Ilvr,
}

/// One completion, as necessity sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Whether it uses features.
    pub uses: bool,
    /// Whether it is right.
    pub correct: bool,
}

/// The settings of necessity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NecessityRules {
    /// How features are written.
    pub profile: FeatureProfile,
    /// The value of the accuracy reward from which a completion is right.
    pub correct_from: Finite,
    /// Right completions without features above which the prompt does not need them.
    pub gate_max: usize,
    /// The weight n_w.
    pub weight: Finite,
}

impl Default for NecessityRules {
    fn default() -> Self {
        Self { profile: FeatureProfile::Covt, correct_from: Finite::ONE, gate_max: 1, weight: Finite::ONE }
    }
}

/// Group form. With users U and others V: gain = max(0, mean c over U − mean c over V); Rᵢ = n_w·gain for right users,
/// else 0. All 0 when U or V is empty, or more than `gate_max` others are right.
///
/// ```
/// use rewards::{NecessityRules, Rollout, group_necessity};
/// let rollout = |(uses, correct)| Rollout { uses, correct };
/// let group = [(true, true), (true, false), (false, false)].map(rollout);
/// assert_eq!(group_necessity(&group, &NecessityRules::default()), [0.5, 0.0, 0.0]);
/// ```
pub fn group_necessity(rollouts: &[Rollout], rules: &NecessityRules) -> Vec<f64> {
    let side = |uses: bool| {
        let all = rollouts.iter().filter(move |r| r.uses == uses);
        (all.clone().count(), all.filter(|r| r.correct).count())
    };
    let ((users, right_users), (others, right_others)) = (side(true), side(false));
    if users == 0 || others == 0 || right_others > rules.gate_max {
        return vec![0.0; rollouts.len()];
    }
    let gain = right_users as f64 / users as f64 - right_others as f64 / others as f64;
    let reward = rules.weight.get() * gain.max(0.0);
    rollouts.iter().map(|r| if r.uses && r.correct { reward } else { 0.0 }).collect()
}

/// Ablation form for one user of features: with c the correctness with them and c′ without,
/// R = n_w if c and not c′; −n_w/2 if c′; 0 if neither.
///
/// ```
/// use rewards::{NecessityRules, Rollout, ablation_necessity};
/// let user = Rollout { uses: true, correct: true };
/// let without = Rollout { uses: false, correct: true };
/// assert_eq!(ablation_necessity(user, without, &NecessityRules::default()), -0.5);
/// ```
pub fn ablation_necessity(with: Rollout, without: Rollout, rules: &NecessityRules) -> f64 {
    let weight = rules.weight.get();
    match (with.uses, with.correct, without.correct) {
        (true, true, false) => weight,
        (true, _, true) => -0.5 * weight,
        (true, false, false) | (false, ..) => 0.0,
    }
}

fn is_right(outcome: &Outcome, rules: &NecessityRules) -> bool {
    outcome.value().is_some_and(|value| value >= rules.correct_from.get())
}

/// The group form as a reward; `accuracy` says what is right.
///
/// ```
/// use std::sync::Arc;
/// use rewards::{Group, GroupNecessity, NecessityRules, Pad, RewardFn, Sample, ViewAnswerAccuracy};
/// let reward = GroupNecessity::new(Arc::new(ViewAnswerAccuracy), NecessityRules::default());
/// let user = format!("<think>{}</think><answer>3</answer>", Pad::Sam.token().repeat(8));
/// let group = Group::of_texts(Sample::text("?", "3"), [user, "<answer>4</answer>".to_owned()]);
/// assert_eq!(reward.judge(&group)[0].value(), Some(1.0));
/// ```
#[derive(Clone)]
pub struct GroupNecessity {
    accuracy: Arc<dyn RewardFn>,
    rules: NecessityRules,
}

impl GroupNecessity {
    /// Necessity with the given accuracy and settings.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use rewards::{GroupNecessity, NecessityRules, RewardFn, ViewAnswerAccuracy};
    /// let reward = GroupNecessity::new(Arc::new(ViewAnswerAccuracy), NecessityRules::default());
    /// assert_eq!(reward.name(), "necessity");
    /// ```
    pub fn new(accuracy: Arc<dyn RewardFn>, rules: NecessityRules) -> Self {
        Self { accuracy, rules }
    }
}

impl RewardFn for GroupNecessity {
    fn name(&self) -> &str {
        "necessity"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let verdicts = self.accuracy.judge(group);
        let rollout = |(completion, verdict): (&Completion, &Outcome)| Rollout {
            uses: uses_features(&completion.text, self.rules.profile),
            correct: is_right(verdict, &self.rules),
        };
        let rollouts: Vec<Rollout> = group.completions().iter().zip(&verdicts).map(rollout).collect();
        group_necessity(&rollouts, &self.rules).into_iter().map(Outcome::from_f64).collect()
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        self.accuracy.accepts(sample)
    }
}

/// The ablation form as a reward. A user of features whose continuation is missing gets no verdict; others get 0.
///
/// ```
/// use std::sync::Arc;
/// use rewards::{AblationNecessity, Completion, Group, NecessityRules, Pad, RewardFn, Sample, ViewAnswerAccuracy};
/// let reward = AblationNecessity::new(Arc::new(ViewAnswerAccuracy), NecessityRules::default());
/// let text = format!("<think>{}</think><answer>3</answer>", Pad::Sam.token().repeat(8));
/// let needed = Completion::new(text).with_ablated("<answer>4</answer>");
/// let outcomes = reward.judge(&Group::new(Sample::text("?", "3"), vec![needed]));
/// assert_eq!(outcomes[0].value(), Some(1.0));
/// ```
#[derive(Clone)]
pub struct AblationNecessity {
    accuracy: Arc<dyn RewardFn>,
    rules: NecessityRules,
}

impl AblationNecessity {
    /// Necessity with the given accuracy and settings.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use rewards::{AblationNecessity, NecessityRules, RewardFn, ViewAnswerAccuracy};
    /// let reward = AblationNecessity::new(Arc::new(ViewAnswerAccuracy), NecessityRules::default());
    /// assert_eq!(reward.name(), "necessity_ablation");
    /// ```
    pub fn new(accuracy: Arc<dyn RewardFn>, rules: NecessityRules) -> Self {
        Self { accuracy, rules }
    }

    fn score(&self, completion: &Completion, with: &Outcome, without: &Outcome) -> Outcome {
        let uses = uses_features(&completion.text, self.rules.profile);
        match (uses, &completion.ablated) {
            (false, _) => Outcome::from(false),
            (true, None) => Outcome::NotApplicable,
            (true, Some(_)) => {
                let rollout = |outcome| Rollout { uses, correct: is_right(outcome, &self.rules) };
                Outcome::from_f64(ablation_necessity(rollout(with), rollout(without), &self.rules))
            }
        }
    }
}

impl RewardFn for AblationNecessity {
    fn name(&self) -> &str {
        "necessity_ablation"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let ablated = group.completions().iter().map(|c| c.ablated.clone().unwrap_or_default());
        let without = self.accuracy.judge(&Group::of_texts(group.sample().clone(), ablated));
        let with = self.accuracy.judge(group);
        let triples = group.completions().iter().zip(with.iter().zip(&without));
        triples.map(|(completion, (with, without))| self.score(completion, with, without)).collect()
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        self.accuracy.accepts(sample)
    }
}
