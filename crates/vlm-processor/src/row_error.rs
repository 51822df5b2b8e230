//! What can be wrong with one row.

use thiserror::Error;

use crate::pixel_error::{ImageError, VideoError};
use crate::prompt::VisualKind;
use crate::text_error::TemplateError;

/// A row that cannot be made into a prompt.
#[derive(Debug, Error)]
#[error("row {row:?}: {problem}")]
pub struct RowError {
    /// The row's id.
    pub row: String,
    /// What is wrong.
    #[source]
    pub problem: Box<RowProblem>,
}

/// What is wrong with a row.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RowProblem {
    /// There is nothing to say.
    #[error("messages: found an empty list, expected at least one message")]
    NoMessages,
    /// Too many turns.
    #[error("messages: found {found}, expected at most {limit}; split the conversation")]
    TooManyMessages {
        /// How many there are.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The chat template makes nothing of the conversation.
    #[error(
        "found no tokens in the rendered conversation, expected at least one: the chat template writes nothing"
    )]
    NoTokens,
    /// The tokenizer knows more ids than the model.
    #[error(
        "found id {found} at token {index} of the prompt, expected an id below the vocabulary size {vocab} of \
         config.json; tokenizer.json and config.json do not belong together"
    )]
    TokenId {
        /// Index of the token.
        index: usize,
        /// Its id.
        found: u32,
        /// Size of the vocabulary.
        vocab: usize,
    },
    /// `fps` is not a usable number.
    #[error("fps: found {found}, expected a number above 0 and up to 1000")]
    Fps {
        /// The value in the row.
        found: f64,
    },
    /// Parts and files do not match.
    #[error(
        "found {parts} {noun} part{s} in the messages and {files} file{fs} in \"{noun}s\", expected as many \
         parts as files",
        noun = noun(*kind), s = plural(*parts), fs = plural(*files)
    )]
    PartCount {
        /// Image or video.
        kind: VisualKind,
        /// Parts of that kind in the messages.
        parts: usize,
        /// Files in the row.
        files: usize,
    },
    /// The rendered text holds more or fewer placeholders than there are visuals.
    #[error(
        "found {found} {noun} placeholder{s} in the rendered conversation, expected {expected}: either the \
         text itself contains the placeholder {token:?} (remove it), or the chat template does not write \
         exactly one for each {noun} part",
        noun = noun(*kind), s = plural(*found)
    )]
    PlaceholderCount {
        /// Image or video.
        kind: VisualKind,
        /// Placeholders after rendering.
        found: usize,
        /// Visuals of the row.
        expected: usize,
        /// The placeholder's text.
        token: String,
    },
    /// The grid of a visual cannot be merged into whole tokens.
    #[error("{noun} {index}: found a grid of {t} x {h} x {w} patches, expected sides that are positive multiples of {merge}", noun = noun(*kind))]
    Grid {
        /// Image or video.
        kind: VisualKind,
        /// Which one of its kind, from 0.
        index: usize,
        /// Temporal patches.
        t: usize,
        /// Rows of patches.
        h: usize,
        /// Columns of patches.
        w: usize,
        /// The merge size.
        merge: usize,
    },
    /// Tokens and features of a visual differ.
    #[error(
        "visual {visual}: found {tokens} placeholder tokens and {features} features, expected equal numbers"
    )]
    FeatureCount {
        /// Index into the prompt's visuals.
        visual: usize,
        /// Its placeholder tokens.
        tokens: usize,
        /// Its features after merging.
        features: usize,
    },
    /// The prompt outgrew the limit.
    #[error("found {found} tokens, expected at most {limit}; lower max_pixels or shorten the text")]
    PromptTooLong {
        /// Tokens of the prompt.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A file name of the row may not be opened.
    #[error("{field}: {problem}")]
    Path {
        /// The field, such as `images[0]`.
        field: String,
        /// Why not.
        problem: PathProblem,
    },
    /// The source of the row's pictures does not have one of them.
    #[error("{field}: {reason}")]
    Picture {
        /// The field, such as `images[0]`.
        field: String,
        /// What the source says.
        reason: String,
    },
    /// A clip was given where only frames can be read.
    #[error(
        "{field}: found the clip {name:?}, expected a list of frame files: video files cannot be read yet; write its frames as pictures, with ffmpeg for example, and list those"
    )]
    Clip {
        /// The field, such as `videos[0]`.
        field: String,
        /// The clip's name.
        name: String,
    },
    /// A file of the row is no usable image.
    #[error("{field}: {source}")]
    Image {
        /// The field, such as `images[0]`.
        field: String,
        /// What is wrong with the file.
        source: ImageError,
    },
    /// A list of frames is no usable video.
    #[error("{field}: {source}")]
    Video {
        /// The field, such as `videos[0]`.
        field: String,
        /// What is wrong with the frames.
        source: VideoError,
    },
    /// More frames than any model reads.
    #[error("{field}: found {found} frames, expected at most {limit}; sample the clip more coarsely")]
    TooManyFrames {
        /// The field, such as `videos[0]`.
        field: String,
        /// Frames in the list.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Frames that are too large together.
    #[error("{field}: found more than {limit} pixels over all frames, expected fewer; scale the frames down")]
    ClipPixels {
        /// The field, such as `videos[0]`.
        field: String,
        /// The limit.
        limit: u64,
    },
    /// The chat template failed on this conversation.
    #[error("chat template: {0}")]
    Template(#[from] TemplateError),
    /// The tokenizer failed on this text.
    #[error("tokenizer: {reason}")]
    Tokenize {
        /// What the tokenizer says.
        reason: String,
    },
    /// Both spellings of the completion are present.
    #[error("found both \"completion\" and \"completion_ids\", expected one of them; remove the other")]
    TwoCompletions,
    /// A completion id is outside the vocabulary.
    #[error("completion_ids[{index}]: found {found}, expected an id below the vocabulary size {vocab}")]
    CompletionId {
        /// Index in the list.
        index: usize,
        /// The id.
        found: u32,
        /// Size of the vocabulary.
        vocab: usize,
    },
    /// Assistant spans cannot be told apart because rendering a turn changes earlier text.
    #[error(
        "messages[{message}]: rendering this assistant turn does not extend the text of the turns before it, \
         so its label span is unknown; the chat template rewrites earlier turns, use another template"
    )]
    UnstableTemplate {
        /// Index of the message.
        message: usize,
    },
}

/// Why a file name of a row may not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PathProblem {
    /// An empty name.
    #[error("found an empty file name, expected a path relative to the folder of the row's file")]
    Empty,
    /// A name longer than any real path.
    #[error("found a file name of {found} bytes, expected at most {limit}")]
    TooLong {
        /// Its length.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// NUL inside the name.
    #[error("found a NUL character in a file name, expected a plain path")]
    Nul,
    /// An absolute name.
    #[error(
        "found the absolute path {name:?}, expected a path relative to the folder of the row's file; put the file there, or the row's file above it"
    )]
    Absolute {
        /// The name.
        name: String,
    },
    /// A name that climbs.
    #[error(
        "found \"..\" in {name:?}, expected a path that stays inside the folder of the row's file; move the row's file above its images"
    )]
    Parent {
        /// The name.
        name: String,
    },
    /// A link that leads out.
    #[error(
        "{name:?} leads outside the folder of the row's file through a symbolic link; copy the file into the folder"
    )]
    Outside {
        /// The name.
        name: String,
    },
    /// Not there, or not readable.
    #[error("{name:?}: {reason}; check the name and that the file lies in the folder of the row's file")]
    Open {
        /// The name.
        name: String,
        /// What the operating system says.
        reason: String,
    },
}

fn noun(kind: VisualKind) -> &'static str {
    match kind {
        VisualKind::Image => "image",
        VisualKind::Video => "video",
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
