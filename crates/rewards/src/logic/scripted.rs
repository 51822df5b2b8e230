//! An arbiter for tests and examples: everything it says was written down before.

use std::sync::{Mutex, PoisonError};

use super::arbiter::{Arbiter, ArbiterQuery, ArbiterVerdict};
use super::free_text::{AnswerParams, ArbiterError, TextPrompt};

/// An arbiter that reads its verdicts and its replies from two lists. When a list is used up it fails.
///
/// ```
/// use rewards::{Arbiter, ArbiterVerdict, ScriptedArbiter};
/// let arbiter = ScriptedArbiter::new([ArbiterVerdict::default()]);
/// assert_eq!(arbiter.calls(), 0);
/// ```
#[derive(Debug, Default)]
pub struct ScriptedArbiter {
    script: Mutex<Script>,
}

#[derive(Debug, Default)]
struct Script {
    verdicts: Vec<ArbiterVerdict>,
    replies: Vec<Result<String, ArbiterError>>,
    judged: usize,
    answered: usize,
}

const ENDED: &str = "the script has ended";

impl ScriptedArbiter {
    /// Verdicts in the order in which they will be given.
    ///
    /// ```
    /// assert_eq!(rewards::ScriptedArbiter::new([]).calls(), 0);
    /// ```
    pub fn new(verdicts: impl IntoIterator<Item = ArbiterVerdict>) -> Self {
        let script = Script { verdicts: verdicts.into_iter().collect(), ..Script::default() };
        Self { script: Mutex::new(script) }
    }

    /// The same arbiter with replies in words, in the order in which they will be given.
    ///
    /// ```
    /// use rewards::{AnswerParams, Arbiter, ArbiterError, ScriptedArbiter, TextPrompt};
    /// let arbiter = ScriptedArbiter::default().with_replies([Err(ArbiterError::NoFreeText)]);
    /// assert!(arbiter.answer(&TextPrompt::default(), &AnswerParams::ONE_LETTER).is_err());
    /// assert_eq!(arbiter.calls(), 1);
    /// ```
    pub fn with_replies(mut self, replies: impl IntoIterator<Item = Result<String, ArbiterError>>) -> Self {
        let script = self.script.get_mut().unwrap_or_else(PoisonError::into_inner);
        script.replies = replies.into_iter().collect();
        self
    }

    /// How many queries and prompts were put to it so far.
    ///
    /// ```
    /// assert_eq!(rewards::ScriptedArbiter::default().calls(), 0);
    /// ```
    pub fn calls(&self) -> usize {
        self.script.lock().map_or(0, |script| script.judged + script.answered)
    }
}

impl Arbiter for ScriptedArbiter {
    fn judge(&self, queries: &[ArbiterQuery]) -> Vec<ArbiterVerdict> {
        let failure = |error: &str| ArbiterVerdict { error: Some(error.to_owned()), ..Default::default() };
        let Ok(mut script) = self.script.lock() else { return vec![failure("script lost"); queries.len()] };
        let next = |_: &ArbiterQuery| {
            let verdict = script.verdicts.get(script.judged).cloned();
            script.judged += 1;
            verdict.unwrap_or_else(|| failure(ENDED))
        };
        queries.iter().map(next).collect()
    }

    fn answer(&self, _: &TextPrompt, _: &AnswerParams) -> Result<String, ArbiterError> {
        let refused = |message: &str| Err(ArbiterError::Refused { message: message.to_owned() });
        let Ok(mut script) = self.script.lock() else { return refused("script lost") };
        let reply = script.replies.get(script.answered).cloned();
        script.answered += 1;
        reply.unwrap_or_else(|| refused(ENDED))
    }
}
