//! The completions of one prompt, and the sample they answer.

use std::sync::Arc;

use crate::RewardError;
use crate::grounding::Located;

/// Why a completion ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finish {
    /// The model wrote its end token.
    #[default]
    Stop,
    /// The length limit cut the text.
    Length,
}

/// One sampled answer.
///
/// ```
/// use rewards::{Completion, Finish};
/// let cut = Completion::new("so far so").with_tokens(3).with_finish(Finish::Length);
/// assert_eq!(cut.tokens, 3);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// The decoded text, special tokens removed.
    pub text: String,
    /// Valid tokens, the end token included.
    pub tokens: usize,
    /// Why sampling ended.
    pub finish: Finish,
    /// The continuation sampled without visual features, where an ablation was made.
    pub ablated: Option<String>,
}

impl Completion {
    /// A completion that ended by itself, with no token count.
    ///
    /// ```
    /// assert_eq!(rewards::Completion::new("B").text, "B");
    /// ```
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The same completion with its number of tokens.
    ///
    /// ```
    /// assert_eq!(rewards::Completion::new("B").with_tokens(2).tokens, 2);
    /// ```
    pub fn with_tokens(self, tokens: usize) -> Self {
        Self { tokens, ..self }
    }

    /// The same completion with the reason it ended.
    ///
    /// ```
    /// use rewards::{Completion, Finish};
    /// assert_eq!(Completion::new("B").with_finish(Finish::Length).finish, Finish::Length);
    /// ```
    pub fn with_finish(self, finish: Finish) -> Self {
        Self { finish, ..self }
    }

    /// The same completion with the text sampled when feature tokens were forbidden.
    ///
    /// ```
    /// assert!(rewards::Completion::new("B").with_ablated("A").ablated.is_some());
    /// ```
    pub fn with_ablated(self, text: impl Into<String>) -> Self {
        Self { ablated: Some(text.into()), ..self }
    }
}

/// What counts as right for a sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Gold {
    /// The sample carries no gold answer.
    #[default]
    Missing,
    /// One answer as text: a letter, a number, an expression, a sentence.
    Text(String),
    /// The answers of several annotators.
    Answers(Vec<String>),
    /// Objects to locate.
    Objects(Vec<Located>),
}

/// The kind of question, where a reward depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Task {
    /// A relation between objects, or anything else.
    #[default]
    Spatial,
    /// How many.
    Counting,
    /// How far.
    Distance,
}

/// One row of data, as far as rewards are concerned.
///
/// ```
/// use rewards::{Sample, Task};
/// let sample = Sample::text("How many cubes?", "3").with_task(Task::Counting);
/// assert_eq!(sample.gold_text().unwrap(), "3");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The whole first user message.
    pub question: String,
    /// The right answer.
    pub gold: Gold,
    /// The kind of question.
    pub task: Task,
}

impl Sample {
    /// A sample whose gold answer is one text.
    ///
    /// ```
    /// assert_eq!(rewards::Sample::text("1+1?", "2").gold_text().unwrap(), "2");
    /// ```
    pub fn text(question: impl Into<String>, gold: impl Into<String>) -> Self {
        Self { question: question.into(), gold: Gold::Text(gold.into()), task: Task::default() }
    }

    /// The same sample with its kind of question.
    ///
    /// ```
    /// use rewards::{Sample, Task};
    /// assert_eq!(Sample::default().with_task(Task::Distance).task, Task::Distance);
    /// ```
    pub fn with_task(self, task: Task) -> Self {
        Self { task, ..self }
    }

    /// The gold text.
    ///
    /// # Errors
    /// [`RewardError::WrongGold`] when the gold answer is not one text.
    ///
    /// ```
    /// assert!(rewards::Sample::default().gold_text().is_err());
    /// ```
    pub fn gold_text(&self) -> Result<&str, RewardError> {
        match &self.gold {
            Gold::Text(text) => Ok(text),
            other => Err(RewardError::WrongGold { found: other.kind(), expected: "one text" }),
        }
    }

    pub(crate) fn gold_objects(&self) -> Result<&[Located], RewardError> {
        match &self.gold {
            Gold::Objects(objects) => Ok(objects),
            other => Err(RewardError::WrongGold { found: other.kind(), expected: "a list of objects" }),
        }
    }

    pub(crate) fn gold_answers(&self) -> Result<&[String], RewardError> {
        match &self.gold {
            Gold::Answers(answers) => Ok(answers),
            other => Err(RewardError::WrongGold { found: other.kind(), expected: "a list of answers" }),
        }
    }
}

impl Gold {
    fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Text(_) => "one text",
            Self::Answers(_) => "a list of answers",
            Self::Objects(_) => "a list of objects",
        }
    }
}

/// All completions of one prompt with the sample they answer. Cheap to clone, so a reward may run on another thread.
///
/// ```
/// use rewards::{Completion, Group, Sample};
/// let group = Group::new(Sample::text("1+1?", "2"), vec![Completion::new("2"), Completion::new("3")]);
/// assert_eq!(group.len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Group {
    sample: Arc<Sample>,
    completions: Arc<[Completion]>,
}

impl Group {
    /// Completions that belong to one sample.
    ///
    /// ```
    /// use rewards::{Group, Sample};
    /// assert!(Group::new(Sample::default(), vec![]).is_empty());
    /// ```
    pub fn new(sample: Sample, completions: Vec<Completion>) -> Self {
        Self { sample: Arc::new(sample), completions: completions.into() }
    }

    /// A group made of texts alone.
    ///
    /// ```
    /// use rewards::{Group, Sample};
    /// assert_eq!(Group::of_texts(Sample::default(), ["a", "b"]).len(), 2);
    /// ```
    pub fn of_texts<T: Into<String>>(sample: Sample, texts: impl IntoIterator<Item = T>) -> Self {
        Self::new(sample, texts.into_iter().map(Completion::new).collect())
    }

    /// The sample.
    ///
    /// ```
    /// use rewards::{Group, Sample};
    /// assert_eq!(Group::of_texts(Sample::text("q", "a"), ["x"]).sample().question, "q");
    /// ```
    pub fn sample(&self) -> &Sample {
        &self.sample
    }

    /// The completions, in sampling order.
    ///
    /// ```
    /// use rewards::{Group, Sample};
    /// assert_eq!(Group::of_texts(Sample::default(), ["x"]).completions()[0].text, "x");
    /// ```
    pub fn completions(&self) -> &[Completion] {
        &self.completions
    }

    /// How many completions there are.
    ///
    /// ```
    /// use rewards::{Group, Sample};
    /// assert_eq!(Group::of_texts(Sample::default(), ["x"]).len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.completions.len()
    }

    /// Whether there is no completion.
    ///
    /// ```
    /// use rewards::{Group, Sample};
    /// assert!(!Group::of_texts(Sample::default(), ["x"]).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.completions.is_empty()
    }
}
