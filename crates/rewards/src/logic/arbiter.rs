//! A second model that says where a chain of reasoning ends up. The crate only knows the trait; clients live elsewhere.

use super::free_text::{AnswerParams, ArbiterError, TextPrompt};

/// What an arbiter is asked: the task and the reasoning, never the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArbiterQuery {
    /// The whole first user message.
    pub question: String,
    /// The reasoning to follow.
    pub reasoning: String,
}

/// What an arbiter replied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArbiterVerdict {
    /// The option the reasoning leads to.
    pub letter: Option<char>,
    /// Entropy of the option letters at the first position of the reply, in bits.
    pub entropy_bits: Option<f64>,
    /// Why there is no reply.
    pub error: Option<String>,
}

/// Judges reasoning. An implementation returns one verdict per query, in order, and reports its own failures in
/// [`ArbiterVerdict::error`]; it does not panic.
///
/// ```
/// use rewards::{Arbiter, ArbiterQuery, ArbiterVerdict};
/// struct AlwaysA;
/// impl Arbiter for AlwaysA {
///     fn judge(&self, queries: &[ArbiterQuery]) -> Vec<ArbiterVerdict> {
///         queries.iter().map(|_| ArbiterVerdict { letter: Some('A'), ..Default::default() }).collect()
///     }
/// }
/// let query = ArbiterQuery { question: "Which?".into(), reasoning: "It is the first.".into() };
/// assert_eq!(AlwaysA.judge(&[query])[0].letter, Some('A'));
/// ```
pub trait Arbiter: Send + Sync {
    /// One verdict per query, in order.
    fn judge(&self, queries: &[ArbiterQuery]) -> Vec<ArbiterVerdict>;

    /// A reply in words to one prompt. It asks once: trying again is the caller's, see [`Retries`](crate::Retries).
    ///
    /// # Errors
    /// [`ArbiterError::NoFreeText`] unless an implementation overrides this method; else whatever kept the reply away.
    ///
    /// ```
    /// use rewards::{AnswerParams, Arbiter, ScriptedArbiter, TextPrompt};
    /// let arbiter = ScriptedArbiter::default().with_replies([Ok("B".to_owned())]);
    /// let prompt = TextPrompt { system: "One letter.".into(), user: "A or B?".into() };
    /// assert_eq!(arbiter.answer(&prompt, &AnswerParams::ONE_LETTER).unwrap(), "B");
    /// ```
    fn answer(&self, _prompt: &TextPrompt, _params: &AnswerParams) -> Result<String, ArbiterError> {
        Err(ArbiterError::NoFreeText)
    }
}
