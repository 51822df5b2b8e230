//! One row of the files that `generate`, `score`, `preprocess` and training read.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::message::{Message, Part};
use crate::prompt::VisualKind;
use crate::row_error::{RowError, RowProblem};

/// Frames per second of a frame list whose row does not say.
pub const DEFAULT_FPS: f64 = 2.0;

/// One row: a conversation, the files its visuals come from, and for scoring the completion.
///
/// ```
/// use vlm_processor::Row;
///
/// let line = r#"{"id": "7", "images": ["a.png"], "messages": [
///     {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is this?"}]}]}"#;
/// let row: Row = serde_json::from_str(line)?;
/// assert_eq!(row.images, ["a.png"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The row's name in results and messages; a number in the file is read as its digits.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// Image files, relative to the folder of the row's file, in the order of the image parts.
    #[serde(default, deserialize_with = "null_is_default")]
    pub images: Vec<String>,
    /// Videos in the order of the video parts.
    #[serde(default, deserialize_with = "null_is_default")]
    pub videos: Vec<VideoSource>,
    /// Frames per second of the row's frame lists; [`DEFAULT_FPS`] when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// The assistant's text to score, continuing the generation prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<String>,
    /// The same as token ids, used exactly as they stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_ids: Option<Vec<u32>>,
}

/// Where a video's frames come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum VideoSource {
    /// Frame images in order of time.
    Frames(Vec<String>),
    /// A clip in a container such as mp4.
    Clip(String),
}

impl<'de> Deserialize<'de> for VideoSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Source;
        impl<'de> de::Visitor<'de> for Source {
            type Value = VideoSource;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a list of frame files or the name of a clip")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<VideoSource, E> {
                Ok(VideoSource::Clip(name.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<VideoSource, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(VideoSource::Frames)
            }
        }
        deserializer.deserialize_any(Source)
    }
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) if !text.is_empty() => Ok(text),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        other => Err(de::Error::custom(format!("found {other}, expected a string that is not empty"))),
    }
}

fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(d: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

impl Row {
    /// The error `problem`, carrying this row's id.
    pub(crate) fn error(&self, problem: RowProblem) -> RowError {
        RowError { row: self.id.clone(), problem: Box::new(problem) }
    }

    /// Frames per second of the row's frame lists.
    pub(crate) fn checked_fps(&self) -> Result<f64, RowError> {
        let fps = self.fps.unwrap_or(DEFAULT_FPS);
        if fps.is_finite() && fps > 0.0 && fps <= 1000.0 {
            return Ok(fps);
        }
        Err(self.error(RowProblem::Fps { found: fps }))
    }

    /// Compares the image and video parts of the messages with the row's lists of files.
    pub(crate) fn check_counts(&self) -> Result<(), RowError> {
        if self.messages.is_empty() {
            return Err(self.error(RowProblem::NoMessages));
        }
        self.check_count(VisualKind::Image, &Part::Image, self.images.len())?;
        self.check_count(VisualKind::Video, &Part::Video, self.videos.len())
    }

    fn check_count(&self, kind: VisualKind, part: &Part, files: usize) -> Result<(), RowError> {
        let parts = self.messages.iter().flat_map(Message::parts).filter(|p| *p == part).count();
        if parts == files {
            return Ok(());
        }
        Err(self.error(RowProblem::PartCount { kind, parts, files }))
    }
}
