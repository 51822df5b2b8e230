//! A question of a benchmark, ready to be asked.

use datasets::{Extra, Record, RlPrompt, Visuals};
use thiserror::Error;
use vlm_processor::{Content, Message, Part, Row};

use crate::judge::AnswerKey;
use crate::prediction::{Facets, Prediction};

/// A question: what the model sees, and what counts as right.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its id, unique in the run.
    pub id: String,
    /// The conversation up to the answer.
    pub messages: Vec<Message>,
    /// What the image and video parts show, in their order.
    pub visuals: Visuals,
    /// What counts as right.
    pub key: AnswerKey,
    /// Groups that it belongs to.
    pub facets: Facets,
}

/// A record that a benchmark cannot ask.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("row {id:?}: found {found}, expected {expected} for the benchmark {benchmark}")]
pub struct QuestionError {
    /// The row's id.
    pub id: String,
    /// The benchmark.
    pub benchmark: String,
    /// What the row is.
    pub found: String,
    /// What it should be.
    pub expected: &'static str,
}

impl QuestionError {
    /// An error about `record`.
    pub(crate) fn kind(benchmark: &str, record: &Record, expected: &'static str) -> Self {
        Self::new(benchmark, record.id(), format!("a record of the kind {}", record.kind()), expected)
    }

    pub(crate) fn new(benchmark: &str, id: &str, found: impl Into<String>, expected: &'static str) -> Self {
        Self { id: id.to_owned(), benchmark: benchmark.to_owned(), found: found.into(), expected }
    }
}

impl Question {
    /// The row that the processor prepares; its pictures are found in [`Question::visuals`].
    pub fn row(&self) -> Row {
        let (id, prompt, visuals) = (self.id.clone(), self.messages.clone(), self.visuals.clone());
        RlPrompt { id, prompt, visuals, ground_truth: None, task: None, extra: Extra::new() }.row()
    }

    /// The text of the conversation, with a mark where each picture stands.
    pub fn text(&self) -> String {
        self.messages.iter().map(message_text).collect::<Vec<_>>().join("\n")
    }

    /// The names of its pictures and of the frames of its videos.
    pub fn picture_names(&self) -> Vec<String> {
        let named =
            |(at, name): (usize, Option<&str>)| name.map_or_else(|| format!("picture {at}"), str::to_owned);
        self.visuals.images.iter().map(datasets::ImageRef::name).enumerate().map(named).collect()
    }

    /// A size by which questions of one batch should be alike: characters, with room for what pictures take.
    pub(crate) fn size(&self) -> usize {
        const PER_PICTURE: usize = 4000;
        let text: usize = self.messages.iter().map(text_length).sum();
        text + PER_PICTURE * (self.visuals.images.len() + 8 * self.visuals.videos.len())
    }

    /// The line of the prediction log before there is an answer.
    pub(crate) fn unanswered(&self) -> Prediction {
        Prediction {
            id: self.id.clone(),
            prompt: self.text(),
            images: self.picture_names(),
            key: self.key.clone(),
            facets: self.facets.clone(),
            responses: Vec::new(),
            judged: Vec::new(),
            score: 0.0,
            error: None,
        }
    }
}

/// Role and text of one turn.
fn message_text(message: &Message) -> String {
    let part = |part: &Part| match part {
        Part::Image => "[image]".to_owned(),
        Part::Video => "[video]".to_owned(),
        Part::Text(text) => text.clone(),
    };
    let text = match &message.content {
        Content::Text(text) => text.clone(),
        Content::Parts(parts) => parts.iter().map(part).collect::<Vec<_>>().join("\n"),
    };
    format!("{}: {text}", message.role.as_str())
}

fn text_length(message: &Message) -> usize {
    match &message.content {
        Content::Text(text) => text.len(),
        Content::Parts(parts) => {
            parts.iter().map(|part| if let Part::Text(text) = part { text.len() } else { 0 }).sum()
        }
    }
}

/// The conversation with `suffix` added to its last text.
pub(crate) fn with_suffix(mut messages: Vec<Message>, suffix: &str) -> Vec<Message> {
    if let Some(message) = messages.last_mut() {
        message.append(suffix);
    }
    messages
}
