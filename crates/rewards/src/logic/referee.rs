//! Does a right answer follow from its reasoning, yes or no?

use std::sync::Arc;

use super::arbiter::Arbiter;
use super::claim::Claim;
use super::failure::ArbiterFailure;
use super::free_text::{AnswerParams, ArbiterError, TextPrompt};
use super::retries::Retries;
use crate::choice::gold_letter;
use crate::reward::with_gold;
use crate::{AnswerParser, Group, LetterRange, Outcome, RewardError, RewardFn, Sample};

/// The two messages put to the referee; `{question}` and `{think}` in the user message are filled in once, literally.
///
/// ```
/// use rewards::RefereePrompt;
/// let prompt = RefereePrompt { system: "One letter.".into(), user: "{question} / {think}".into() };
/// assert_eq!(prompt.fill("Which?", "Not {question}.").user, "Which? / Not {question}.");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefereePrompt {
    /// The system message.
    pub system: String,
    /// The user message with its two places.
    pub user: String,
}

impl Default for RefereePrompt {
    fn default() -> Self {
        Self {
            system: "You judge reasoning only and reply with one capital letter.".to_owned(),
            user: "Question: {question}\nReasoning: {think}\n\
                   Which option A to H does the reasoning support? One letter only."
                .to_owned(),
        }
    }
}

impl RefereePrompt {
    /// The prompt for one question and one chain of reasoning.
    ///
    /// ```
    /// let prompt = rewards::RefereePrompt::default().fill("Which is red?", "The first is.");
    /// assert!(prompt.user.starts_with("Question: Which is red?\nReasoning: The first is.\n"));
    /// ```
    pub fn fill(&self, question: &str, reasoning: &str) -> TextPrompt {
        // What is filled in is never looked at again, so a place written by the model stays text.
        let with_reasoning = |part: &str| part.split("{think}").collect::<Vec<_>>().join(reasoning);
        let parts: Vec<_> = self.user.split("{question}").map(with_reasoning).collect();
        TextPrompt { system: self.system.clone(), user: parts.join(question) }
    }
}

/// Binary logical consistency: r = \[student letter = gold letter\] · \[referee letter = student letter\].
///
/// The referee sees the question and the reasoning, never the answer, and only where the answer is right. A reply
/// without a letter agrees with nothing. It is asked in words, up to three times when it cannot be reached.
///
/// ```
/// use std::sync::Arc;
/// use rewards::{Group, RefereedConsistency, RewardFn, Sample, ScriptedArbiter};
/// let referee = Arc::new(ScriptedArbiter::default().with_replies([Ok("C".to_owned())]));
/// let texts = ["<think>It is C.</think><answer>C</answer>", "<think>It is B.</think><answer>B</answer>"];
/// let outcomes = RefereedConsistency::new(referee).judge(&Group::of_texts(Sample::text("Which?", "C"), texts));
/// assert_eq!([outcomes[0].value(), outcomes[1].value()], [Some(1.0), Some(0.0)]);
/// ```
#[derive(Clone)]
pub struct RefereedConsistency {
    arbiter: Arc<dyn Arbiter>,
    parser: AnswerParser,
    failure: ArbiterFailure,
    retries: Retries,
    prompt: RefereePrompt,
}

impl RefereedConsistency {
    /// Consistency as judged by a referee that replies in words.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use rewards::{RefereedConsistency, RewardFn, ScriptedArbiter};
    /// let reward = RefereedConsistency::new(Arc::new(ScriptedArbiter::default()));
    /// assert_eq!(reward.name(), "logical_consistency_binary");
    /// ```
    pub fn new(arbiter: Arc<dyn Arbiter>) -> Self {
        Self {
            arbiter,
            parser: AnswerParser::Strict,
            failure: ArbiterFailure::default(),
            retries: Retries::default(),
            prompt: RefereePrompt::default(),
        }
    }

    /// The same reward with the student's letter read by another rule.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use rewards::{AnswerParser, RefereedConsistency, ScriptedArbiter};
    /// RefereedConsistency::new(Arc::new(ScriptedArbiter::default())).with_parser(AnswerParser::PublishedConsistency);
    /// ```
    pub fn with_parser(self, parser: AnswerParser) -> Self {
        Self { parser, ..self }
    }

    /// The same reward with another value for a referee that failed every try.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use rewards::{ArbiterFailure, RefereedConsistency, ScriptedArbiter};
    /// RefereedConsistency::new(Arc::new(ScriptedArbiter::default())).on_failure(ArbiterFailure::Abort);
    /// ```
    pub fn on_failure(self, failure: ArbiterFailure) -> Self {
        Self { failure, ..self }
    }

    /// The same reward with other tries and waits.
    ///
    /// ```
    /// use std::{sync::Arc, time::Duration};
    /// use rewards::{RefereedConsistency, Retries, ScriptedArbiter};
    /// let at_once = Retries { first_wait: Duration::ZERO, ..Retries::default() };
    /// RefereedConsistency::new(Arc::new(ScriptedArbiter::default())).with_retries(at_once);
    /// ```
    pub fn with_retries(self, retries: Retries) -> Self {
        Self { retries, ..self }
    }

    /// The same reward with another wording of the prompt.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use rewards::{RefereePrompt, RefereedConsistency, ScriptedArbiter};
    /// let prompt = RefereePrompt { user: "{question}\n{think}".into(), ..RefereePrompt::default() };
    /// RefereedConsistency::new(Arc::new(ScriptedArbiter::default())).with_prompt(prompt);
    /// ```
    pub fn with_prompt(self, prompt: RefereePrompt) -> Self {
        Self { prompt, ..self }
    }

    fn outcome(&self, question: &str, text: &str, gold: char) -> Outcome {
        match Claim::read(text, self.parser) {
            Err(kind) => Outcome::Unparsed(kind),
            Ok(claim) if claim.letter != gold => Outcome::from(false),
            Ok(claim) => match self.ask(&self.prompt.fill(question, claim.reasoning)) {
                Ok(reply) => Outcome::from(reply_letter(&reply) == Some(claim.letter)),
                Err(error) => Outcome::Failed(self.failure.error(error.to_string())),
            },
        }
    }

    fn ask(&self, prompt: &TextPrompt) -> Result<String, ArbiterError> {
        self.retries.run(|| self.arbiter.answer(prompt, &AnswerParams::ONE_LETTER))
    }
}

/// A reply that is one letter, in any case and whatever surrounds it, else the letter that stands alone in it.
fn reply_letter(reply: &str) -> Option<char> {
    let bare = reply.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_uppercase();
    match bare.as_bytes() {
        [letter @ b'A'..=b'H'] => Some(char::from(*letter)),
        _ => AnswerParser::Choice.read(reply, LetterRange::A_TO_H).letter(),
    }
}

impl RewardFn for RefereedConsistency {
    fn name(&self) -> &str {
        "logical_consistency_binary"
    }

    fn judge(&self, group: &Group) -> Vec<Outcome> {
        let question = &group.sample().question;
        with_gold(
            group,
            |sample| gold_letter(sample, AnswerParser::Choice, LetterRange::A_TO_H),
            |gold| group.completions().iter().map(|c| self.outcome(question, &c.text, gold)).collect(),
        )
    }

    fn accepts(&self, sample: &Sample) -> Result<(), RewardError> {
        gold_letter(sample, AnswerParser::Choice, LetterRange::A_TO_H).map(drop)
    }
}
