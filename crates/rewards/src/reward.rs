//! The trait that every reward implements.

use crate::{Finite, Group, Outcome, RewardError, Sample};

/// What a reward measures, so that a report can say "8 of 8 correct".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// 1 means right and 0 means wrong.
    Correctness,
    /// Anything else: format, length, style.
    #[default]
    Shaping,
}

/// A named part of a reward, logged beside its total.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Name under `rewards/{reward}/{component}`.
    pub name: &'static str,
    /// One value per completion.
    pub values: Vec<Finite>,
}

/// Judges all completions of one prompt.
///
/// An implementation decides what a text is worth; it never decides what happens when it cannot say. It must
/// - return exactly one [`Outcome`] per completion, in order;
/// - be deterministic, and take time linear in the length of the text;
/// - return [`Outcome::Unparsed`] for a text that it cannot read, rather than a default answer;
/// - return [`Outcome::Failed`] when it cannot judge for a reason that is not the model's fault.
///
/// Panics, missed deadlines and wrong lengths are caught by [`RewardSet`](crate::RewardSet).
///
/// ```
/// use rewards::{Group, Outcome, RewardFn, Sample};
///
/// struct Brevity;
/// impl RewardFn for Brevity {
///     fn name(&self) -> &str { "brevity" }
///     fn judge(&self, group: &Group) -> Vec<Outcome> {
///         group.completions().iter().map(|c| Outcome::from(c.text.len() < 10)).collect()
///     }
/// }
/// let group = Group::of_texts(Sample::default(), ["short", "rather a long text"]);
/// assert_eq!(Brevity.judge(&group)[0].value(), Some(1.0));
/// ```
pub trait RewardFn: Send + Sync {
    /// The name used in recipes, metrics and errors.
    fn name(&self) -> &str;

    /// One outcome per completion, in order.
    fn judge(&self, group: &Group) -> Vec<Outcome>;

    /// Whether the sample has what completions are judged by: an answer of the right kind, that can be read. Where it has
    /// not, no verdict on its completions says anything about them. A reward that looks at no answer takes every sample.
    ///
    /// # Errors
    /// [`RewardError::WrongGold`] or [`RewardError::BadGold`].
    fn accepts(&self, _sample: &Sample) -> Result<(), RewardError> {
        Ok(())
    }

    /// What a text that cannot be read is worth; 0 unless the published rule says otherwise.
    fn unparsed_score(&self) -> Finite {
        Finite::ZERO
    }

    /// Whether a value of 1 means "right".
    fn role(&self) -> Role {
        Role::Shaping
    }

    /// The parts of the reward, for logging; none by default.
    fn components(&self, _group: &Group) -> Vec<Component> {
        Vec::new()
    }
}

/// Judges each text against the gold text; a gold answer of another kind fails the whole group.
pub(crate) fn against_gold(group: &Group, judge: impl Fn(&str, &str) -> Outcome) -> Vec<Outcome> {
    with_gold(group, Sample::gold_text, |gold| {
        group.completions().iter().map(|c| judge(&c.text, gold)).collect()
    })
}

/// Runs `judge` with the gold answer, or gives every completion the error that says why there is none.
pub(crate) fn with_gold<'g, T>(
    group: &'g Group,
    gold: impl Fn(&'g Sample) -> Result<T, RewardError>,
    judge: impl FnOnce(T) -> Vec<Outcome>,
) -> Vec<Outcome> {
    match gold(group.sample()) {
        Ok(gold) => judge(gold),
        Err(error) => vec![Outcome::Failed(error); group.len()],
    }
}

/// Judges each text on its own.
pub(crate) fn each(group: &Group, judge: impl Fn(&str) -> Outcome) -> Vec<Outcome> {
    group.completions().iter().map(|c| judge(&c.text)).collect()
}
