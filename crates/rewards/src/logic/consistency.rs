//! Does the answer follow from the reasoning?

use std::sync::Arc;

use super::arbiter::{Arbiter, ArbiterQuery, ArbiterVerdict};
use super::claim::Claim;
use super::entropy::certainty;
use super::failure::ArbiterFailure;
use crate::{AnswerParser, Group, Outcome, RewardFn, UnparsedKind};

/// Entropy-scaled logical consistency: r = \[arbiter letter = student letter\] · p, p = 1 − clamp(H/3, 0, 1).
///
/// The arbiter sees the question and the reasoning, never the answer. Whether the answer is right does not matter.
/// A completion without reasoning or without an answer is never sent.
///
/// ```
/// use std::sync::Arc;
/// use rewards::{ArbiterVerdict, Group, LogicalConsistency, RewardFn, Sample, ScriptedArbiter};
/// let verdict = ArbiterVerdict { letter: Some('C'), entropy_bits: Some(1.0), error: None };
/// let reward = LogicalConsistency::new(Arc::new(ScriptedArbiter::new([verdict])));
/// let group = Group::of_texts(Sample::text("Which?", "A"), ["<think>It is C.</think><answer>C</answer>"]);
/// assert!((reward.judge(&group)[0].value().unwrap() - 2.0 / 3.0).abs() < 1e-12);
/// ```
#[derive(Clone)]
pub struct LogicalConsistency {
    arbiter: Arc<dyn Arbiter>,
    parser: AnswerParser,
    failure: ArbiterFailure,
}

impl LogicalConsistency {
    /// Consistency as judged by `arbiter`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use rewards::{LogicalConsistency, RewardFn, ScriptedArbiter};
    /// let reward = LogicalConsistency::new(Arc::new(ScriptedArbiter::default()));
    /// assert_eq!(reward.name(), "logical_consistency");
    /// ```
    pub fn new(arbiter: Arc<dyn Arbiter>) -> Self {
        Self { arbiter, parser: AnswerParser::Strict, failure: ArbiterFailure::default() }
    }

    /// The same reward with the student's letter read by another rule, such as
    /// [`AnswerParser::PublishedConsistency`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use rewards::{AnswerParser, LogicalConsistency, ScriptedArbiter};
    /// LogicalConsistency::new(Arc::new(ScriptedArbiter::default())).with_parser(AnswerParser::PublishedConsistency);
    /// ```
    pub fn with_parser(self, parser: AnswerParser) -> Self {
        Self { parser, ..self }
    }

    /// The same reward with another value for a failed call.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use rewards::{ArbiterFailure, LogicalConsistency, ScriptedArbiter};
    /// LogicalConsistency::new(Arc::new(ScriptedArbiter::default())).on_failure(ArbiterFailure::Drop);
    /// ```
    pub fn on_failure(self, failure: ArbiterFailure) -> Self {
        Self { failure, ..self }
    }

    fn question(&self, question: &str, text: &str) -> Result<(ArbiterQuery, char), UnparsedKind> {
        let Claim { reasoning, letter } = Claim::read(text, self.parser)?;
        Ok((ArbiterQuery { question: question.to_owned(), reasoning: reasoning.to_owned() }, letter))
    }

    fn score(&self, student: char, verdict: &ArbiterVerdict) -> Outcome {
        if let Some(message) = &verdict.error {
            return self.failed(message);
        }
        let agrees = verdict.letter.is_some_and(|letter| letter.to_ascii_uppercase() == student);
        Outcome::from_f64(if agrees { certainty(verdict.entropy_bits) } else { 0.0 })
    }

    fn failed(&self, message: &str) -> Outcome {
        Outcome::Failed(self.failure.error(message))
    }
}

impl RewardFn for LogicalConsistency {
    fn name(&self) -> &str {
        "logical_consistency"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let question = &group.sample().question;
        let asked: Vec<_> = group.completions().iter().map(|c| self.question(question, &c.text)).collect();
        let queries: Vec<_> = asked.iter().flatten().map(|(query, _)| query.clone()).collect();
        let verdicts = if queries.is_empty() { Vec::new() } else { self.arbiter.judge(&queries) };
        let complete = verdicts.len() == queries.len();
        let mut verdicts = verdicts.into_iter();
        let outcome = |asked: Result<(ArbiterQuery, char), UnparsedKind>| match asked {
            Err(kind) => Outcome::Unparsed(kind),
            Ok((_, student)) => match verdicts.next().filter(|_| complete) {
                Some(verdict) => self.score(student, &verdict),
                None => {
                    self.failed("the arbiter returned another number of verdicts than there were queries")
                }
            },
        };
        asked.into_iter().map(outcome).collect()
    }
}
