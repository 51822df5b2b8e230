//! Typed records: what a row means, whatever layout it was published in.

mod conversions;
mod visuals;

use serde_json::{Map, Value};
use vlm_processor::{Message, Row};

use crate::picture::ImageRef;

pub use conversions::Unfit;
pub use visuals::{VideoRef, Visuals};

/// Fields of a row that its layout gives no meaning; results carry them along.
pub type Extra = Map<String, Value>;

/// One row of a data set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Record {
    /// A conversation to learn from.
    Instruction(Instruction),
    /// Two continuations, one better than the other.
    Preference(Preference),
    /// A prompt with the answer that rewards compare with.
    RlPrompt(RlPrompt),
    /// A question with lettered options.
    MultipleChoice(MultipleChoice),
    /// A question with free answers.
    Vqa(Vqa),
    /// Text interleaved with pictures that the model imagines.
    LatentPlan(LatentPlan),
    /// A question about a video that a text log describes.
    VideoLog(VideoLog),
}

/// A conversation whose assistant turns are to be learned.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// Name of the row, unique in its file unless the file repeats it.
    pub id: String,
    /// All turns; at least one is the assistant's.
    pub messages: Vec<Message>,
    /// What the image and video parts of the messages show.
    pub visuals: Visuals,
    /// Other fields of the row.
    pub extra: Extra,
}

/// A prompt with a better and a worse continuation.
#[derive(Clone, Debug)]
pub struct Preference {
    /// Name of the row.
    pub id: String,
    /// The turns before the continuations.
    pub prompt: Vec<Message>,
    /// The better continuation; begins with an assistant turn.
    pub chosen: Vec<Message>,
    /// The worse continuation.
    pub rejected: Vec<Message>,
    /// What the messages show.
    pub visuals: Visuals,
    /// Other fields of the row.
    pub extra: Extra,
}

/// What a completion is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroundTruth {
    /// One answer: a letter, a number, an expression, a sentence, or JSON (boxes and points).
    Text(String),
    /// The answers of several annotators, all of them.
    Answers(Vec<String>),
}

/// A prompt for sampling, and what its completions are judged by.
#[derive(Clone, Debug)]
pub struct RlPrompt {
    /// Name of the row.
    pub id: String,
    /// The turns up to the one to be sampled.
    pub prompt: Vec<Message>,
    /// The right answer; `None` serves only rewards that need none.
    pub ground_truth: Option<GroundTruth>,
    /// Kind of question where the data say it: `spatial`, `counting`, `distance`, a category.
    pub task: Option<String>,
    /// What the messages show.
    pub visuals: Visuals,
    /// Other fields of the row.
    pub extra: Extra,
}

/// An option of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its letter, `A` to `Z`. Letters may have gaps where the data have empty options.
    pub letter: char,
    /// Its text.
    pub text: String,
}

/// A question with lettered options.
#[derive(Clone, Debug)]
pub struct MultipleChoice {
    /// Name of the row.
    pub id: String,
    /// The question without its options.
    pub question: String,
    /// At least two options in order of their letters.
    pub choices: Vec<Choice>,
    /// The letter of the right option, always one of `choices`; `None` where the answers are kept back.
    pub answer: Option<char>,
    /// Question and options as the authors wrote them out, where they did.
    pub prompt: Option<String>,
    /// What the question is about.
    pub visuals: Visuals,
    /// Other fields of the row, such as a category.
    pub extra: Extra,
}

/// A question with free answers.
#[derive(Clone, Debug)]
pub struct Vqa {
    /// Name of the row.
    pub id: String,
    /// The question, with instructions where the benchmark fixes them.
    pub question: String,
    /// The answer to learn: the annotators' most frequent one.
    pub answer: Option<String>,
    /// The answers of all annotators.
    pub answers: Vec<String>,
    /// What the question is about.
    pub visuals: Visuals,
    /// Other fields of the row.
    pub extra: Extra,
}

/// One step of a plan in which text and imagined pictures alternate.
#[derive(Clone, Debug)]
pub enum PlanStep {
    /// Text to write.
    Text(String),
    /// A picture whose features the model is to imagine here.
    Latent(ImageRef),
}

/// A question answered by text interleaved with latent pictures.
#[derive(Clone, Debug)]
pub struct LatentPlan {
    /// Name of the row.
    pub id: String,
    /// The question.
    pub question: String,
    /// The assistant's turn, in order.
    pub steps: Vec<PlanStep>,
    /// The final answer, for evaluation.
    pub final_answer: Option<String>,
    /// The pictures that the user shows.
    pub visuals: Visuals,
    /// Other fields of the row.
    pub extra: Extra,
}

/// A question about a video, with the text log that a teacher wrote of it.
#[derive(Clone, Debug)]
pub struct VideoLog {
    /// Name of the row.
    pub id: String,
    /// The question.
    pub question: String,
    /// At least two options; empty ones are left out but keep their letter.
    pub choices: Vec<Choice>,
    /// The letter of the right option.
    pub answer: Option<char>,
    /// The log; empty where the teacher wrote nothing.
    pub log: String,
    /// Other fields of the row.
    pub extra: Extra,
}

impl Record {
    /// The row's name.
    pub fn id(&self) -> &str {
        match self {
            Self::Instruction(record) => &record.id,
            Self::Preference(record) => &record.id,
            Self::RlPrompt(record) => &record.id,
            Self::MultipleChoice(record) => &record.id,
            Self::Vqa(record) => &record.id,
            Self::LatentPlan(record) => &record.id,
            Self::VideoLog(record) => &record.id,
        }
    }

    /// The pictures and videos that the prompt shows; none for a text log.
    pub fn visuals(&self) -> &Visuals {
        const NONE: &Visuals = &Visuals::NONE;
        match self {
            Self::Instruction(record) => &record.visuals,
            Self::Preference(record) => &record.visuals,
            Self::RlPrompt(record) => &record.visuals,
            Self::MultipleChoice(record) => &record.visuals,
            Self::Vqa(record) => &record.visuals,
            Self::LatentPlan(record) => &record.visuals,
            Self::VideoLog(_) => NONE,
        }
    }

    /// Fields that the layout gives no meaning.
    pub fn extra(&self) -> &Extra {
        match self {
            Self::Instruction(record) => &record.extra,
            Self::Preference(record) => &record.extra,
            Self::RlPrompt(record) => &record.extra,
            Self::MultipleChoice(record) => &record.extra,
            Self::Vqa(record) => &record.extra,
            Self::LatentPlan(record) => &record.extra,
            Self::VideoLog(record) => &record.extra,
        }
    }

    /// The kind's name, as messages and inspections print it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Instruction(_) => "instruction",
            Self::Preference(_) => "preference",
            Self::RlPrompt(_) => "RL prompt",
            Self::MultipleChoice(_) => "multiple choice",
            Self::Vqa(_) => "question and answers",
            Self::LatentPlan(_) => "latent plan",
            Self::VideoLog(_) => "video log",
        }
    }
}

impl Instruction {
    /// The conversation for the processor; its pictures are read from `self.visuals`.
    pub fn row(&self) -> Row {
        self.visuals.row(&self.id, self.messages.clone())
    }
}

impl Preference {
    /// Prompt and better continuation for the processor.
    pub fn chosen_row(&self) -> Row {
        self.visuals.row(&self.id, [&self.prompt[..], &self.chosen].concat())
    }

    /// Prompt and worse continuation for the processor.
    pub fn rejected_row(&self) -> Row {
        self.visuals.row(&self.id, [&self.prompt[..], &self.rejected].concat())
    }

    /// True if both continuations say the same: nothing can be learned from such a row.
    pub fn is_tied(&self) -> bool {
        self.chosen == self.rejected
    }
}

impl RlPrompt {
    /// The prompt for the processor.
    pub fn row(&self) -> Row {
        self.visuals.row(&self.id, self.prompt.clone())
    }
}
