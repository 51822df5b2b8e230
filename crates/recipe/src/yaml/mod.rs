//! YAML as far as recipes need it: parsing into nodes that know their place, and writing.

mod document;
mod node;
mod write;

pub(crate) use document::Document;
pub(crate) use node::{Content, Node, shorten};
