//! Several rewards with weights: one total per completion, and an account of where it came from.

use std::sync::Arc;
use std::time::Duration;

use crate::contain::Contained;
use crate::reward::Component;
use crate::spread::{self, Spread};
use crate::{Finite, Group, Outcome, RewardError, RewardFn, RewardStats, Role, Sample, UnfitSample};

/// A weighted sum of rewards: Rᵢ = Σₖ wₖ·rₖᵢ over the rewards k that have a verdict on completion i.
///
/// Outcomes that are not applicable or failed are left out of the sum, unless the failure counts 0 by its policy; a text
/// that could not be read counts with the score its rule gives it. A completion on which no reward has a verdict has no total.
///
/// ```
/// use rewards::{ChoiceAccuracy, Group, RewardSet, Sample, ThinkAnswerFormat};
/// let set = RewardSet::new().with(ChoiceAccuracy::default(), 7.0).with(ThinkAnswerFormat::strict(), 5.0);
/// let right = "<think>x</think><answer>B</answer>";
/// let report = set.judge(&Group::of_texts(Sample::text("?", "B"), [right, "A."]));
/// assert_eq!(report.totals[0].unwrap().get(), 12.0);
/// assert_eq!(report.totals[1].unwrap().get(), 0.0);
/// ```
#[derive(Clone, Default)]
pub struct RewardSet {
    entries: Vec<Entry>,
    deadline: Option<Duration>,
}

#[derive(Clone)]
struct Entry {
    reward: Contained,
    weight: f64,
}

/// What one reward said about a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Name of the reward.
    pub name: String,
    /// Its weight in the sum.
    pub weight: f64,
    /// What its values mean.
    pub role: Role,
    /// One outcome per completion.
    pub outcomes: Vec<Outcome>,
    /// What an unread text counted.
    pub unparsed_score: Finite,
}

/// What a set said about a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupReport {
    /// One total per completion; `None` when no reward had a verdict, or the sum overflowed.
    pub totals: Vec<Option<Finite>>,
    /// The rewards in the order they were added.
    pub judged: Vec<Judged>,
    /// The parts of the rewards that have some, each with the reward's name.
    pub parts: Vec<(String, Component)>,
    /// Whether the totals differ, and why not.
    pub spread: Spread,
}

impl RewardSet {
    /// An empty set.
    ///
    /// ```
    /// assert!(rewards::RewardSet::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// The set with one more reward. A weight that is not finite makes every total of the set absent.
    ///
    /// ```
    /// use rewards::{ChoiceAccuracy, RewardSet};
    /// assert_eq!(RewardSet::new().with(ChoiceAccuracy::default(), 1.0).len(), 1);
    /// ```
    pub fn with(self, reward: impl RewardFn + 'static, weight: f64) -> Self {
        self.with_shared(Arc::new(reward), weight)
    }

    /// The set with one more shared reward, as [`reward_by_name`](crate::reward_by_name) returns them.
    ///
    /// ```
    /// let reward = rewards::reward_by_name("choice_accuracy").unwrap();
    /// assert_eq!(rewards::RewardSet::new().with_shared(reward, 0.5).names(), ["choice_accuracy"]);
    /// ```
    pub fn with_shared(mut self, reward: Arc<dyn RewardFn>, weight: f64) -> Self {
        self.entries.push(Entry { reward: Contained::new(reward), weight });
        self
    }

    /// The set with a time limit per reward and group. Each call then runs on its own thread.
    ///
    /// ```
    /// use std::time::Duration;
    /// let set = rewards::RewardSet::new().with_deadline(Duration::from_secs(60));
    /// assert!(set.is_empty());
    /// ```
    pub fn with_deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// The names of the rewards, in order.
    ///
    /// ```
    /// assert!(rewards::RewardSet::new().names().is_empty());
    /// ```
    pub fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|e| e.reward.reward().name()).collect()
    }

    /// How many rewards there are.
    ///
    /// ```
    /// assert_eq!(rewards::RewardSet::new().len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no reward.
    ///
    /// ```
    /// assert!(rewards::RewardSet::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether one at least of the rewards that look at the answer can judge by this sample's; so can a set in which no
    /// reward looks at it.
    ///
    /// # Errors
    /// [`UnfitSample`] has the reason of every one of these rewards.
    ///
    /// ```
    /// use rewards::{ExactMatch, MathAccuracy, RewardSet, Sample, ThinkAnswerFormat};
    /// let set = RewardSet::new().with(ExactMatch::default(), 1.0).with(ThinkAnswerFormat::strict(), 0.2);
    /// assert!(set.accepts(&Sample::text("?", "B")).is_ok());
    /// let error = set.accepts(&Sample::default()).unwrap_err();
    /// assert!(error.to_string().starts_with("reward exact: the sample's gold answer is missing"));
    /// ```
    pub fn accepts(&self, sample: &Sample) -> Result<(), UnfitSample> {
        let unanswered = Sample::default();
        let looks = |reward: &&dyn RewardFn| reward.accepts(&unanswered).is_err();
        let mut reasons = Vec::new();
        for reward in self.entries.iter().map(|entry| entry.reward.reward()).filter(looks) {
            match reward.accepts(sample) {
                Ok(()) => return Ok(()),
                Err(reason) => reasons.push((reward.name().to_owned(), reason)),
            }
        }
        if reasons.is_empty() { Ok(()) } else { Err(UnfitSample { reasons }) }
    }

    /// Judges a group with every reward.
    ///
    /// ```
    /// use rewards::{ChoiceAccuracy, Group, RewardSet, Sample, Spread};
    /// let set = RewardSet::new().with(ChoiceAccuracy::default(), 1.0);
    /// let report = set.judge(&Group::of_texts(Sample::text("?", "B"), ["B.", "B."]));
    /// let Spread::Zero(reason) = report.spread else { panic!("equal totals") };
    /// assert_eq!(reason.to_string(), "2 of 2 correct");
    /// ```
    pub fn judge(&self, group: &Group) -> GroupReport {
        let judged: Vec<Judged> = self.entries.iter().map(|entry| self.judge_one(entry, group)).collect();
        let totals: Vec<_> = (0..group.len()).map(|i| total(&judged, i)).collect();
        let spread = spread::of(&totals, &judged);
        GroupReport { totals, judged, parts: self.components(group), spread }
    }

    /// The parts of every reward that has parts, under the reward's name.
    ///
    /// ```
    /// use rewards::{Group, RewardSet, Sample, SpatialReward};
    /// let set = RewardSet::new().with(SpatialReward::default(), 1.0);
    /// let parts = set.components(&Group::of_texts(Sample::text("?", "left"), ["left"]));
    /// assert_eq!(parts[0].1.name, "exact");
    /// ```
    pub fn components(&self, group: &Group) -> Vec<(String, Component)> {
        let parts = |e: &Entry| {
            let name = e.reward.reward().name().to_owned();
            e.reward.components(group).into_iter().map(move |c| (name.clone(), c)).collect::<Vec<_>>()
        };
        self.entries.iter().flat_map(parts).collect()
    }

    fn judge_one(&self, entry: &Entry, group: &Group) -> Judged {
        let reward = entry.reward.reward();
        Judged {
            name: reward.name().to_owned(),
            weight: entry.weight,
            role: reward.role(),
            outcomes: entry.reward.judge(group, self.deadline),
            unparsed_score: reward.unparsed_score(),
        }
    }
}

impl GroupReport {
    /// The first failure on which the recipe wants the run to stop; the totals are then not for training.
    ///
    /// ```
    /// use rewards::{ChoiceAccuracy, Group, RewardSet, Sample};
    /// let set = RewardSet::new().with(ChoiceAccuracy::default(), 1.0);
    /// assert_eq!(set.judge(&Group::of_texts(Sample::text("?", "B"), ["B."])).abort(), None);
    /// ```
    pub fn abort(&self) -> Option<&RewardError> {
        self.judged.iter().flat_map(|judged| &judged.outcomes).find_map(|outcome| match outcome {
            Outcome::Failed(error) if error.is_abort() => Some(error),
            _ => None,
        })
    }
}

impl Judged {
    /// Statistics of this reward over the group.
    ///
    /// ```
    /// use rewards::{ChoiceAccuracy, Group, RewardSet, Sample};
    /// let set = RewardSet::new().with(ChoiceAccuracy::default(), 1.0);
    /// let report = set.judge(&Group::of_texts(Sample::text("?", "B"), ["B.", "?"]));
    /// assert_eq!(report.judged[0].stats().values, 1);
    /// ```
    pub fn stats(&self) -> RewardStats {
        let mut stats = RewardStats::default();
        self.outcomes.iter().for_each(|outcome| stats.add(outcome));
        stats
    }

    /// What each completion scores before the weight: its value, or what the rule gives a text that cannot be read or a
    /// call that failed. `None` is left out of the sum.
    ///
    /// ```
    /// use rewards::{CountingReward, Group, RewardSet, Sample};
    /// let set = RewardSet::new().with(CountingReward, 1.0);
    /// let report = set.judge(&Group::of_texts(Sample::text("?", "3"), ["3", "no idea"]));
    /// assert_eq!(report.judged[0].scores().collect::<Vec<_>>(), [Some(1.0), Some(-0.5)]);
    /// ```
    pub fn scores(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        (0..self.outcomes.len()).map(|index| self.score(index))
    }

    fn score(&self, index: usize) -> Option<f64> {
        match &self.outcomes[index] {
            Outcome::Value(value) => Some(value.get()),
            Outcome::Unparsed(_) => Some(self.unparsed_score.get()),
            Outcome::Failed(error) => error.score().map(Finite::get),
            Outcome::NotApplicable => None,
        }
    }
}

fn total(judged: &[Judged], index: usize) -> Option<Finite> {
    let scored: Vec<f64> = judged.iter().filter_map(|j| j.score(index).map(|s| s * j.weight)).collect();
    if scored.is_empty() { None } else { Finite::new(scored.iter().sum()) }
}
