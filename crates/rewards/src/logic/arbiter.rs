//! A second model that says where a chain of reasoning ends up. The crate only knows the trait; clients live elsewhere.

use std::sync::Mutex;

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
}

/// An arbiter that reads its verdicts from a list, for tests and examples. When the list is used up it fails.
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
    used: usize,
}

impl ScriptedArbiter {
    /// Verdicts in the order in which they will be given.
    ///
    /// ```
    /// assert_eq!(rewards::ScriptedArbiter::new([]).calls(), 0);
    /// ```
    pub fn new(verdicts: impl IntoIterator<Item = ArbiterVerdict>) -> Self {
        Self { script: Mutex::new(Script { verdicts: verdicts.into_iter().collect(), used: 0 }) }
    }

    /// How many queries were answered so far.
    ///
    /// ```
    /// assert_eq!(rewards::ScriptedArbiter::default().calls(), 0);
    /// ```
    pub fn calls(&self) -> usize {
        self.script.lock().map_or(0, |script| script.used)
    }
}

impl Arbiter for ScriptedArbiter {
    fn judge(&self, queries: &[ArbiterQuery]) -> Vec<ArbiterVerdict> {
        let failure = |error: &str| ArbiterVerdict { error: Some(error.to_owned()), ..Default::default() };
        let Ok(mut script) = self.script.lock() else { return vec![failure("script lost"); queries.len()] };
        let next = |_: &ArbiterQuery| {
            let verdict = script.verdicts.get(script.used).cloned();
            script.used += 1;
            verdict.unwrap_or_else(|| failure("the script has ended"))
        };
        queries.iter().map(next).collect()
    }
}
