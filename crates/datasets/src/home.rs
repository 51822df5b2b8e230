//! Where the pictures are that rows name: below a folder, or in the archive that holds the rows.

use std::sync::Arc;

use serde_json::Value;

use crate::container::tar::Archive;
use crate::picture::{ImageRef, ImageRoot};
use crate::raw_row::{quoted, shown};
use crate::record::VideoRef;
use crate::row_error::{Checked, Fault};

/// The place that names of pictures are relative to.
#[derive(Clone)]
pub(crate) enum Home {
    Folder(Arc<ImageRoot>),
    Archive(Arc<Archive>),
}

const PICTURE: &str = "a file name or an object with a \"path\"";
const VIDEO: &str = "the name of a clip or a list of frames";

impl Home {
    /// The pictures of a field: one of the forms of [`Home::picture`], or a list of them.
    pub(crate) fn pictures(&self, field: &str, value: Value) -> Checked<Vec<ImageRef>> {
        match value {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| self.picture(&format!("{field}[{index}]"), item))
                .collect(),
            one => Ok(vec![self.picture(field, one)?]),
        }
    }

    /// A picture that a field names: `"a.png"`, `{"path": "a.png"}`, `{"image": "a.png"}`, `{"url": "a.png"}`.
    pub(crate) fn picture(&self, field: &str, value: Value) -> Checked<ImageRef> {
        match value {
            Value::String(name) => self.named(field, name),
            Value::Object(mut fields) => {
                let names = ["path", "image", "url", "file_name"];
                match names.iter().find_map(|name| fields.remove(*name)) {
                    Some(Value::String(name)) => self.named(field, name),
                    _ => Err(Fault::unexpected(field, shown(&Value::Object(fields)), PICTURE)),
                }
            }
            other => Err(Fault::unexpected(field, shown(&other), PICTURE)),
        }
    }

    /// A picture by its name; the file is looked for when it is opened.
    pub(crate) fn named(&self, field: &str, name: String) -> Checked<ImageRef> {
        if name.is_empty() {
            return Err(Fault::unexpected(field, "an empty name", PICTURE));
        }
        if name.starts_with("data:") {
            let expected = "a file: keep encoded pictures beside the rows";
            return Err(Fault::unexpected(field, "a picture written out as text", expected));
        }
        match (name.split_once("://"), self) {
            (Some(("file", path)), _) => self.named(field, path.to_owned()),
            (Some(_), _) => {
                let expected = "a file: download the pictures first, nothing is fetched while training";
                Err(Fault::unexpected(field, format!("the address {}", quoted(&name)), expected))
            }
            (None, Self::Folder(root)) => Ok(ImageRef::in_root(root, name)),
            (None, Self::Archive(archive)) => archive.picture(field, &name),
        }
    }

    /// A video: the name of a clip, or a list of frames.
    pub(crate) fn video(&self, field: &str, value: Value) -> Checked<VideoRef> {
        match value {
            Value::String(name) => Ok(VideoRef::Clip(name)),
            Value::Array(_) => self.pictures(field, value).map(VideoRef::Frames),
            Value::Object(mut fields) => match fields.remove("path").or_else(|| fields.remove("video")) {
                Some(value) if !value.is_object() => self.video(field, value),
                _ => Err(Fault::unexpected(field, shown(&Value::Object(fields)), VIDEO)),
            },
            other => Err(Fault::unexpected(field, shown(&other), VIDEO)),
        }
    }

    /// The videos of a field: one, or a list of them.
    pub(crate) fn videos(&self, field: &str, value: Value) -> Checked<Vec<VideoRef>> {
        let item = |(index, value)| self.video(&format!("{field}[{index}]"), value);
        match value {
            Value::Array(items) => items.into_iter().enumerate().map(item).collect(),
            one => Ok(vec![self.video(field, one)?]),
        }
    }
}
