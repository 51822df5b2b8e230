//! A record as the fields of a layout, with its pictures beside them.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use vlm_processor::{Content, Message, Part, Role};

use super::{OutLayout, lost};
use crate::picture::ImageRef;
use crate::record::{GroundTruth, Record, Unfit, VideoRef, Visuals};

/// Fields of a row without its pictures, and the pictures.
pub(super) struct OutRow {
    pub(super) fields: Vec<(&'static str, Value)>,
    pub(super) images: Vec<ImageRef>,
    /// What of the record the layout has no place for.
    pub(super) lost: Vec<String>,
}

impl OutRow {
    /// The record in `layout`; an error if it cannot serve as what the layout holds.
    pub(super) fn of(record: Record, layout: OutLayout) -> Result<Self, Unfit> {
        let (task, lost) = (record.task(), lost::of(&record, layout));
        let (mut fields, visuals) = match layout {
            OutLayout::Messages | OutLayout::ShareGpt => conversation(record, layout)?,
            OutLayout::Preference => {
                let record = record.into_preference()?;
                let turns =
                    [("prompt", &record.prompt), ("chosen", &record.chosen), ("rejected", &record.rejected)];
                let mut fields = vec![("id", json!(record.id))];
                fields.extend(turns.map(|(field, turns)| (field, json!(turns))));
                (fields, record.visuals)
            }
            OutLayout::Prompt => {
                let record = record.into_rl_prompt()?;
                let truth = record.ground_truth.map_or(Value::Null, truth);
                (
                    vec![("id", json!(record.id)), ("prompt", json!(record.prompt)), ("solution", truth)],
                    record.visuals,
                )
            }
            OutLayout::EasyR1 => easy_r1(record)?,
        };
        fields.push(("task_type", json!(task)));
        let mut row = Self { fields, images: visuals.images, lost };
        row.add_videos(visuals.videos, visuals.fps);
        Ok(row)
    }

    fn add_videos(&mut self, videos: Vec<VideoRef>, fps: Option<f64>) {
        if videos.is_empty() {
            return;
        }
        let name = |frame: &ImageRef| json!(frame.name());
        let video = |video: VideoRef| match video {
            VideoRef::Clip(name) => json!(name),
            VideoRef::Frames(frames) => frames.iter().map(name).collect(),
        };
        self.fields.push(("videos", videos.into_iter().map(video).collect()));
        self.fields.push(("fps", json!(fps)));
    }

    /// The row as a line of JSON; its pictures go into the folder beside `out` that is named like it.
    pub(super) fn into_line(self, index: u64, out: &Path) -> Result<Value, String> {
        let folder = out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut names = Vec::new();
        for (item, image) in self.images.iter().enumerate() {
            let bytes = image.open().map_err(|error| error.to_string())?;
            let name = format!("{folder}/{index:06}_{item}.{}", ending(&bytes));
            let path = out.with_file_name(&name);
            fs::create_dir_all(out.with_file_name(&folder)).map_err(|error| error.to_string())?;
            fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
            names.push(Value::String(name));
        }
        let filled = self.fields.into_iter().filter(|(_, value)| !value.is_null());
        let mut fields: Map<String, Value> = filled.map(|(field, value)| (field.to_owned(), value)).collect();
        if !names.is_empty() {
            fields.insert("images".to_owned(), Value::Array(names));
        }
        Ok(Value::Object(fields))
    }
}

type Fields = (Vec<(&'static str, Value)>, Visuals);

fn conversation(record: Record, layout: OutLayout) -> Result<Fields, Unfit> {
    let record = record.into_instruction()?;
    let field = if layout == OutLayout::ShareGpt {
        ("conversations", record.messages.iter().map(from_value).collect())
    } else {
        ("messages", json!(record.messages))
    };
    Ok((vec![("id", json!(record.id)), field], record.visuals))
}

fn from_value(message: &Message) -> Value {
    let name = match &message.role {
        Role::User => "human",
        Role::Assistant => "gpt",
        other => other.as_str(),
    };
    json!({"from": name, "value": marked(message)})
}

/// A turn as one text, with marks where it shows something.
fn marked(message: &Message) -> String {
    let part = |part: &Part| match part {
        Part::Image => "<image>".to_owned(),
        Part::Video => "<video>".to_owned(),
        Part::Text(text) => text.clone(),
    };
    match &message.content {
        Content::Text(text) => text.clone(),
        Content::Parts(parts) => parts.iter().map(part).collect(),
    }
}

fn easy_r1(record: Record) -> Result<Fields, Unfit> {
    let record = record.into_rl_prompt()?;
    let ([turn], Some(answer)) = (record.prompt.as_slice(), record.ground_truth) else {
        let reason = "the layout holds one user turn and its answer";
        return Err(Unfit { id: record.id, found: "RL prompt", wanted: "a problem with an answer", reason });
    };
    let fields = vec![("id", json!(record.id)), ("problem", json!(marked(turn))), ("answer", truth(answer))];
    Ok((fields, record.visuals))
}

fn truth(truth: GroundTruth) -> Value {
    match truth {
        GroundTruth::Text(text) => Value::String(text),
        GroundTruth::Answers(answers) => json!(answers),
    }
}

/// The usual ending of an encoded picture's file.
fn ending(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [b'R', b'I', b'F', b'F', ..] => "webp",
        _ => "jpg",
    }
}
