//! Chat messages: who speaks, and what text and visuals the turn holds.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions that stand before the conversation.
    System,
    /// The person who asks.
    User,
    /// The model: its turns are what training learns.
    Assistant,
    /// Another name that a chat template may know, such as `tool`; of those that files may hold, one of [`Role::OTHERS`].
    Other(String),
}

impl Role {
    /// Names of turns in published conversations beside `system`, `user` and `assistant`.
    pub const OTHERS: [&str; 7] =
        ["tool", "tool_call", "tool_response", "function", "function_call", "observation", "developer"];
    /// The names, in the words of an error.
    pub const EXPECTED: &str = "system, user, assistant or tool";

    /// The role of a name in a file; `None` for a name that no turn has, such as a slip of the finger.
    ///
    /// ```
    /// use vlm_processor::Role;
    /// assert_eq!((Role::named("user"), Role::named("usr")), (Some(Role::User), None));
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "system" => Some(Self::System),
            "user" => Some(Self::User),
            "assistant" => Some(Self::Assistant),
            other => Self::OTHERS.contains(&other).then(|| Self::Other(other.to_owned())),
        }
    }

    /// The name that the chat template sees.
    pub fn as_str(&self) -> &str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Other(name) => name,
        }
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Role::named(&name)
            .ok_or_else(|| de::Error::custom(format!("found the role {name:?}, expected {}", Role::EXPECTED)))
    }
}

/// One piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The next image of the row stands here.
    Image,
    /// The next video of the row stands here.
    Video,
    /// Plain text.
    Text(String),
}

impl Part {
    fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Image | Self::Video => None,
        }
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Part::Image => map.serialize_entry("type", "image")?,
            Part::Video => map.serialize_entry("type", "video")?,
            Part::Text(text) => {
                map.serialize_entry("type", "text")?;
                map.serialize_entry("text", text)?;
            }
        }
        map.end()
    }
}

/// Reads a structure from a JSON object only: derived code would take a list of its fields as well.
struct FromObject<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FromObject<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(de::value::MapAccessDeserializer::new(map))
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            r#type: String,
            text: Option<String>,
        }
        let fields: Fields = deserializer.deserialize_any(FromObject(PhantomData))?;
        match (fields.r#type.as_str(), fields.text) {
            ("image", _) => Ok(Part::Image),
            ("video", _) => Ok(Part::Video),
            ("text", Some(text)) => Ok(Part::Text(text)),
            ("text", None) => Err(de::Error::missing_field("text")),
            (other, _) => Err(de::Error::custom(format!(
                "found a part of type {other:?}, expected \"image\", \"video\" or \"text\""
            ))),
        }
    }
}

/// What a message holds. The two spellings differ in what a chat template sees, so both are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// `"content": "text"`.
    Text(String),
    /// `"content": [{"type": "image"}, {"type": "text", "text": "…"}]`.
    Parts(Vec<Part>),
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Content::Text(text) => serializer.serialize_str(text),
            Content::Parts(parts) => parts.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string or a list of parts")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Content, A::Error> {
        Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(Content::Parts)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Err(de::Error::custom("found an object, expected a string or a list of parts: put the part in [ ]"))
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said and shown.
    pub content: Content,
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            role: Role,
            content: Content,
        }
        let Fields { role, content } = deserializer.deserialize_any(FromObject(PhantomData))?;
        Ok(Self { role, content })
    }
}

impl Message {
    /// A turn of plain text.
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self { role, content: Content::Text(text.into()) }
    }

    /// What the turn says, without its pictures.
    pub fn said(&self) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => Some(text.clone()),
            _ => None,
        };
        match &self.content {
            Content::Text(text) => text.clone(),
            Content::Parts(parts) => parts.iter().filter_map(text).collect(),
        }
    }

    /// Puts text behind what the turn says.
    pub fn append(&mut self, text: &str) {
        match &mut self.content {
            Content::Text(said) => said.push_str(text),
            Content::Parts(parts) => match parts.iter_mut().rev().find_map(Part::text_mut) {
                Some(said) => said.push_str(text),
                None => parts.push(Part::Text(text.trim_start().to_owned())),
            },
        }
    }

    /// Its parts: none when the content is one string.
    pub fn parts(&self) -> &[Part] {
        match &self.content {
            Content::Text(_) => &[],
            Content::Parts(parts) => parts,
        }
    }
}
