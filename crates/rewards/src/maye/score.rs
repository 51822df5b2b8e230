//! The score of a response: accuracy, language and format, or the penalty in their place.

use super::judge::BoxedJudge;
use super::language::ideograph_share;
use crate::reward::with_gold;
use crate::{Completion, Component, Finish, Finite, Group, Layout, Outcome, RewardError, RewardFn, Sample};

/// Settings of [`MayeReward`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MayeRules {
    /// How numbers are compared.
    pub judge: BoxedJudge,
    /// Weight of the format; the published code used 1 although the paper does not mention it.
    pub format_weight: Finite,
    /// The score that replaces all others for a response that is penalised.
    pub penalty: Finite,
    /// What becomes of responses without an end token.
    pub unfinished: Unfinished,
    /// Valid tokens, the end token included, below which a response is penalised.
    pub min_tokens: usize,
}

/// What becomes of a response that the length limit cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unfinished {
    /// It gets the penalty.
    #[default]
    Penalised,
    /// It is judged like any other.
    Judged,
}

impl Default for MayeRules {
    fn default() -> Self {
        Self {
            judge: BoxedJudge::default(),
            format_weight: Finite::ZERO,
            penalty: Finite::constant(-0.1),
            unfinished: Unfinished::default(),
            min_tokens: 0,
        }
    }
}

/// s = accuracy − 0.1·(share of ideographs) + w·format; replaced by the penalty when the response was cut off or has
/// too few tokens.
///
/// ```
/// use rewards::{Completion, Finish, Group, MayeReward, RewardFn, Sample};
/// let cut = Completion::new(r"\boxed{4}").with_finish(Finish::Length);
/// let group = Group::new(Sample::text("?", r"\boxed{4}"), vec![Completion::new(r"\boxed{4}"), cut]);
/// let values: Vec<_> = MayeReward::default().judge(&group).iter().map(|o| o.value()).collect();
/// assert_eq!(values, [Some(1.0), Some(-0.1)]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MayeReward {
    rules: MayeRules,
}

impl MayeReward {
    /// The score under the given settings.
    ///
    /// ```
    /// use rewards::{MayeReward, MayeRules, RewardFn};
    /// assert_eq!(MayeReward::new(MayeRules::default()).name(), "maye");
    /// ```
    pub const fn new(rules: MayeRules) -> Self {
        Self { rules }
    }

    fn parts(&self, text: &str, gold: &str) -> [f64; 3] {
        let accuracy = self.rules.judge.judge(text, gold).value().unwrap_or(0.0);
        let share = ideograph_share(text);
        let language = if share == 0.0 { 0.0 } else { -0.1 * share };
        [accuracy, language, f64::from(Layout::OneThink.accepts(text))]
    }

    fn score(&self, completion: &Completion, gold: &str) -> f64 {
        let cut = completion.finish == Finish::Length && self.rules.unfinished == Unfinished::Penalised;
        if cut || completion.tokens < self.rules.min_tokens {
            return self.rules.penalty.get();
        }
        let [accuracy, language, format] = self.parts(&completion.text, gold);
        accuracy + language + self.rules.format_weight.get() * format
    }
}

impl RewardFn for MayeReward {
    fn name(&self) -> &str {
        "maye"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        with_gold(group, Sample::gold_text, |gold| {
            group.completions().iter().map(|c| Outcome::from_f64(self.score(c, gold))).collect()
        })
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        sample.gold_text().map(drop)
    }

    fn components(&self, group: &Group) -> Vec<Component> {
        let Ok(gold) = group.sample().gold_text() else { return Vec::new() };
        let parts: Vec<[f64; 3]> = group.completions().iter().map(|c| self.parts(&c.text, gold)).collect();
        let component = |(index, name): (usize, &'static str)| {
            let values = parts.iter().filter_map(|part| Finite::new(part[index])).collect();
            Component { name, values }
        };
        ["accuracy", "language", "format"].into_iter().enumerate().map(component).collect()
    }
}
