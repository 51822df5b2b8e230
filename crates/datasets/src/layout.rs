//! The published layouts of rows: what their fields are called and what they mean.

mod chat;
mod choices;
mod comt;
mod conversation;
mod maths;
mod preference;
mod questions;
pub(crate) mod sign;
mod spatial;
mod urban;
mod video;
mod vqa;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::raw_row::RawRow;
use crate::record::Record;
use crate::row_error::Checked;
use sign::Sign;

/// A layout by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// `messages` of `role` and `content` with `images`: our own rows, TRL, ms-swift, LLaMA-Factory, OpenAI.
    Messages,
    /// ShareGPT and LLaVA: `conversations` of `from` and `value`; with `chosen` and `rejected`, pairs.
    ShareGpt,
    /// Alpaca, as LLaMA-Factory reads it: `instruction`, `input`, `output`; or `chosen` and `rejected`.
    Alpaca,
    /// ms-swift's `query` and `response`.
    QueryResponse,
    /// TRL's `prompt` and `completion`.
    PromptCompletion,
    /// TRL's `chosen` and `rejected`, with or without `prompt`.
    ChosenRejected,
    /// ms-swift's pairs: `messages` with `rejected_response` or `rejected_messages`.
    RejectedResponse,
    /// A `prompt` for sampling, as TRL's GRPO reads it.
    Prompt,
    /// verl: a `prompt` of turns and a `reward_model` with the ground truth.
    Verl,
    /// EasyR1 and geometry3k: `problem`, `answer`, `images`.
    EasyR1,
    /// RLHF-V and RLAIF-V: an image with a pair of answers, the pair often as a JSON text.
    RlhfV,
    /// PixMo-Cap: the address of an image and its caption.
    PixmoCap,
    /// PixMo-Points: points on an image.
    PixmoPoints,
    /// An image with a question and an answer, as SpatialVLM's descendants write it.
    SpatialQa,
    /// Visual spatial reasoning: a caption that is true or false.
    Vsr,
    /// CV-Bench: options in 2D and 3D.
    CvBench,
    /// MAYE's problems: `question`, `answer`, `solution`, `id`, `image`.
    Maye,
    /// MM-Math as published: `question`, `solution`, `file_name`.
    MmMath,
    /// MathVerse as published.
    MathVerse,
    /// ViRL39K: verifiable questions with boxed answers.
    Virl39k,
    /// Objects to locate: `problem` and a list of boxes and points.
    Grounding,
    /// CoMT as interleaved plans: `sequence_plan`.
    Comt,
    /// CoMT as pairs of one picture and one text: `image_output`, `text_output`.
    ComtPairs,
    /// EgoSchema's questions.
    EgoSchema,
    /// UrbanVideo-Bench: question and options in one text.
    UrbanVideo,
    /// A question with the log that a teacher wrote of its video.
    VideoLog,
    /// MVBench: `video`, `question`, `candidates`, `answer`.
    MvBench,
    /// Video-MME: `videoID`, `question_id`, `options`.
    VideoMme,
    /// OK-VQA and VQAv2: questions merged with the answers of all annotators.
    Vqa,
    /// COCO captions: an image with all its captions.
    CocoCaptions,
    /// A question with a list of options.
    Choices,
    /// An image with one caption, as image folders carry it.
    Caption,
}

/// A name that no layout has.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("format: found {found:?}, expected auto or one of {known}")]
pub struct UnknownLayout {
    /// The name.
    pub found: String,
    /// The names that exist.
    pub known: String,
}

/// What makes a layout: its name, the fields it is told by, and how its rows are read.
pub(crate) struct Spec {
    pub(crate) layout: Layout,
    pub(crate) name: &'static str,
    /// Each is one way to recognise the layout.
    pub(crate) signs: &'static [&'static [Sign]],
    pub(crate) read: fn(&mut RawRow) -> Checked<Record>,
}

const SPECS: &[&[Spec]] = &[
    chat::SPECS,
    preference::SPECS,
    spatial::SPECS,
    maths::SPECS,
    questions::SPECS,
    comt::SPECS,
    video::SPECS,
    vqa::SPECS,
];

pub(crate) fn specs() -> impl Iterator<Item = &'static Spec> {
    SPECS.iter().copied().flatten()
}

impl Layout {
    /// Every layout.
    pub fn all() -> impl Iterator<Item = Self> {
        specs().map(|spec| spec.layout)
    }

    /// The name that recipes and commands use.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    pub(crate) fn spec(self) -> &'static Spec {
        let found = specs().find(|spec| spec.layout == self);
        found.expect("every layout has an entry in the tables; a test walks them")
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Layout {
    type Err = UnknownLayout;

    fn from_str(name: &str) -> Result<Self, UnknownLayout> {
        let known = || Layout::all().map(Layout::name).collect::<Vec<_>>().join(", ");
        let found = specs().find(|spec| spec.name == name).map(|spec| spec.layout);
        found.ok_or_else(|| UnknownLayout { found: name.to_owned(), known: known() })
    }
}

/// How the rows of a file are to be understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Recognised by the fields of the first rows.
    #[default]
    Auto,
    /// As the user says.
    Named(Layout),
}

impl FromStr for Format {
    type Err = UnknownLayout;

    fn from_str(name: &str) -> Result<Self, UnknownLayout> {
        if name == "auto" { Ok(Self::Auto) } else { name.parse().map(Self::Named) }
    }
}
