//! Turns of a conversation in every spelling: `role`/`content` and `from`/`value`, parts and `<image>` marks.

use serde_json::{Map, Value};
use vlm_processor::{Content, Message, Part, Role};

use crate::home::Home;
use crate::picture::ImageRef;
use crate::raw_row::{RawRow, list, object, shown, text};
use crate::record::{VideoRef, Visuals};
use crate::row_error::{Checked, Fault};

const IMAGE_MARK: &str = "<image>";
const VIDEO_MARK: &str = "<video>";
const TURN: &str = "an object with \"role\" and \"content\", or \"from\" and \"value\"";
const CONTENT: &str = "a text or a list of parts";

/// Reads turns, and remembers the pictures that their parts carry themselves.
pub(crate) struct Conversation<'a> {
    home: &'a Home,
    inline: Visuals,
}

impl<'a> Conversation<'a> {
    pub(crate) fn new(home: &'a Home) -> Self {
        Self { home, inline: Visuals::NONE }
    }

    /// A list of turns; a text alone counts as one turn of `role`.
    pub(crate) fn turns(&mut self, field: &str, value: Value, role: Role) -> Checked<Vec<Message>> {
        match value {
            Value::String(text) => Ok(vec![Message::text(role, text)]),
            Value::Object(_) => Ok(vec![self.turn(field, value)?]),
            other => {
                let items = list(field, other)?;
                if items.is_empty() {
                    return Err(Fault::unexpected(field, "an empty list", "at least one turn"));
                }
                let turn = |(index, value)| self.turn(&format!("{field}[{index}]"), value);
                items.into_iter().enumerate().map(turn).collect()
            }
        }
    }

    fn turn(&mut self, field: &str, value: Value) -> Checked<Message> {
        let mut fields = object(field, value)?;
        let (role_key, content_key) =
            if fields.contains_key("from") { ("from", "value") } else { ("role", "content") };
        let role = match fields.remove(role_key) {
            Some(Value::String(name)) => role_named(&name).ok_or_else(|| {
                Fault::unexpected(format!("{field}.{role_key}"), format!("the role {name:?}"), Role::EXPECTED)
            })?,
            Some(other) => {
                return Err(Fault::unexpected(format!("{field}.{role_key}"), shown(&other), "a name"));
            }
            None => return Err(Fault::unexpected(field, shown(&Value::Object(fields)), TURN)),
        };
        let place = format!("{field}.{content_key}");
        let content = match fields.remove(content_key) {
            Some(Value::String(text)) => Content::Text(text),
            Some(Value::Array(parts)) => Content::Parts(self.parts(&place, parts)?),
            Some(other) => return Err(Fault::unexpected(place, shown(&other), CONTENT)),
            None => return Err(Fault::missing(place, CONTENT)),
        };
        Ok(Message { role, content })
    }

    fn parts(&mut self, field: &str, parts: Vec<Value>) -> Checked<Vec<Part>> {
        let part = |(index, value)| self.part(&format!("{field}[{index}]"), value);
        parts.into_iter().enumerate().map(part).collect()
    }

    fn part(&mut self, field: &str, value: Value) -> Checked<Part> {
        let mut fields = match value {
            Value::String(text) => return Ok(Part::Text(text)),
            other => object(field, other)?,
        };
        let kind = text(&format!("{field}.type"), fields.remove("type").unwrap_or_default())?;
        match kind.as_str() {
            "text" => {
                text(&format!("{field}.text"), fields.remove("text").unwrap_or_default()).map(Part::Text)
            }
            "image" | "image_url" => {
                if let Some(value) = carried(&mut fields, &["image", "image_url", "url", "path"]) {
                    self.inline.images.push(self.home.picture(field, value)?);
                }
                Ok(Part::Image)
            }
            "video" => {
                if let Some(value) = carried(&mut fields, &["video", "url", "path"]) {
                    self.inline.videos.push(self.home.video(field, value)?);
                }
                Ok(Part::Video)
            }
            other => {
                let found = format!("a part of type {other:?}");
                Err(Fault::unexpected(field, found, "\"text\", \"image\" or \"video\""))
            }
        }
    }

    /// Joins turns and pictures: `turns` are all lists of turns of the row, the first of them the one that is shown
    /// pictures which no turn mentions.
    pub(crate) fn finish(self, row: &mut RawRow, turns: &mut [&mut Vec<Message>]) -> Checked<Visuals> {
        let images = row.images(&["images", "image"])?;
        let videos = match row.take_first(&["videos", "video"]) {
            Some((field, value)) => self.home.videos(field, value)?,
            None => Vec::new(),
        };
        let images = merged("images", images, self.inline.images)?;
        let videos = merged("videos", videos, self.inline.videos)?;
        place(turns, &Part::Image, IMAGE_MARK, images.len())?;
        place(turns, &Part::Video, VIDEO_MARK, videos.len())?;
        Ok(Visuals { images, videos, fps: row.take("fps").and_then(|fps| fps.as_f64()) })
    }
}

/// A user turn of `text`, whose marks become parts.
pub(crate) fn marked_turn(text: String, images: Vec<ImageRef>) -> Checked<(Vec<Message>, Visuals)> {
    let mut turns = vec![Message::text(Role::User, text)];
    place(&mut [&mut turns], &Part::Image, IMAGE_MARK, images.len())?;
    Ok((turns, Visuals::of_images(images)))
}

/// The role of a name in any spelling.
fn role_named(name: &str) -> Option<Role> {
    match name {
        "human" => Some(Role::User),
        "gpt" | "model" | "chatgpt" => Some(Role::Assistant),
        other => Role::named(other),
    }
}

/// The picture that a part carries itself, under whichever name.
fn carried(fields: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    let value = names.iter().find_map(|name| fields.remove(*name))?;
    (!value.is_null()).then_some(value)
}

/// Pictures stand either in the row's list or inside its parts, not in both.
fn merged<T>(field: &str, listed: Vec<T>, inline: Vec<T>) -> Checked<Vec<T>> {
    match (listed.len(), inline.len()) {
        (_, 0) => Ok(listed),
        (0, _) => Ok(inline),
        (listed, inline) => {
            let found = format!("{listed} in the list and {inline} inside the messages");
            Err(Fault::unexpected(field, found, "them in one of the two places"))
        }
    }
}

/// Makes the turns mention `files` visuals: parts stay, else marks become parts, else they go to the first user turn.
fn place(turns: &mut [&mut Vec<Message>], part: &Part, mark: &str, files: usize) -> Checked<()> {
    let all = || turns.iter().flat_map(|turns| turns.iter());
    let parts = all().flat_map(Message::parts).filter(|found| *found == part).count();
    if parts == files && (parts > 0 || !all().any(|message| marks(message, mark) > 0)) {
        return Ok(());
    }
    let marked: usize = all().map(|message| marks(message, mark)).sum();
    if parts == 0 && marked == files {
        turns
            .iter_mut()
            .flat_map(|turns| turns.iter_mut())
            .for_each(|message| split_marks(message, part, mark));
        return Ok(());
    }
    if parts == 0 && marked == 0 {
        let shown =
            turns.iter_mut().flat_map(|turns| turns.iter_mut()).find(|message| message.role == Role::User);
        let message =
            shown.ok_or_else(|| Fault::missing("messages", "a user turn that the pictures belong to"))?;
        prepend(message, part, files);
        return Ok(());
    }
    let found = format!("{files} files, {parts} parts and {marked} marks {mark} in the messages");
    let field = if *part == Part::Image { "images" } else { "videos" };
    Err(Fault::unexpected(field, found, "as many parts or marks as files"))
}

fn marks(message: &Message, mark: &str) -> usize {
    match &message.content {
        Content::Text(text) => text.matches(mark).count(),
        Content::Parts(parts) => parts.iter().map(|part| part_text(part).matches(mark).count()).sum(),
    }
}

fn part_text(part: &Part) -> &str {
    match part {
        Part::Text(text) => text,
        Part::Image | Part::Video => "",
    }
}

fn split_marks(message: &mut Message, part: &Part, mark: &str) {
    if marks(message, mark) == 0 {
        return;
    }
    let old = std::mem::replace(&mut message.content, Content::Parts(Vec::new()));
    let parts = match old {
        Content::Text(text) => split_text(&text, part, mark),
        Content::Parts(parts) => parts
            .into_iter()
            .flat_map(|old| match old {
                Part::Text(text) => split_text(&text, part, mark),
                other => vec![other],
            })
            .collect(),
    };
    message.content = Content::Parts(parts);
}

/// The text around the marks, kept to the letter.
fn split_text(text: &str, part: &Part, mark: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for (index, piece) in text.split(mark).enumerate() {
        if index > 0 {
            parts.push(part.clone());
        }
        if !piece.is_empty() {
            parts.push(Part::Text(piece.to_owned()));
        }
    }
    parts
}

fn prepend(message: &mut Message, part: &Part, count: usize) {
    let old = std::mem::replace(&mut message.content, Content::Parts(Vec::new()));
    let rest = match old {
        Content::Text(text) => vec![Part::Text(text)],
        Content::Parts(parts) => parts,
    };
    message.content = Content::Parts(std::iter::repeat_n(part.clone(), count).chain(rest).collect());
}

/// Videos of a row whose question names one.
pub(crate) fn one_video(home: &Home, field: &str, value: Value) -> Checked<Vec<VideoRef>> {
    home.video(field, value).map(|video| vec![video])
}
