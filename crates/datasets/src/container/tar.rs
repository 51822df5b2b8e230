//! Tar archives, read in place: samples whose members share a name, or a JSONL member with its pictures beside it.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};
use vlm_processor::open_regular;
use vlm_processor::text_limits::MAX_LINE_BYTES;

use super::{Rows, json_fields};
use crate::home::Home;
use crate::picture::ImageRef;
use crate::place::{Place, Position};
use crate::raw_row::{RawRow, quoted};
use crate::row_error::{Checked, Fault, RowError, RowProblem};
use crate::source_error::SourceError;

const PICTURES: [&str; 4] = ["jpg", "jpeg", "png", "webp"];

/// The regular files of an archive by name.
pub(crate) struct Archive {
    path: Arc<Path>,
    members: HashMap<Arc<str>, Span>,
}

#[derive(Clone, Copy)]
pub(crate) struct Span {
    offset: u64,
    len: u64,
}

/// A member in the order of the archive; `None` for one that is no plain file below the archive's root.
type Member = (Arc<str>, Option<Span>);

impl Archive {
    /// Walks over the headers; no content is read.
    pub(crate) fn open(path: &Path) -> Result<(Arc<Self>, Vec<Member>), SourceError> {
        let failed = |source| SourceError::Read { path: path.to_owned(), source };
        let mut archive = ::tar::Archive::new(open_regular(path).map_err(failed)?);
        let mut members = HashMap::new();
        let mut order = Vec::new();
        for entry in archive.entries_with_seek().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.header().entry_type();
            if kind.is_dir() || kind.is_pax_global_extensions() {
                continue;
            }
            let name: Arc<str> = String::from_utf8_lossy(&entry.path_bytes()).into();
            let name: Arc<str> = name.strip_prefix("./").map_or(Arc::clone(&name), Arc::from);
            let span = Span { offset: entry.raw_file_position(), len: entry.size() };
            let plain = kind.is_file() && stays_inside(&name);
            if plain {
                members.insert(Arc::clone(&name), span);
            }
            order.push((name, plain.then_some(span)));
        }
        Ok((Arc::new(Self { path: path.into(), members }), order))
    }

    /// The picture that a row of the archive calls `name`: a member of that name, or of that name in `images/`.
    pub(crate) fn picture(&self, field: &str, name: &str) -> Checked<ImageRef> {
        let member = |name: &str| self.members.get_key_value(name);
        match member(name).or_else(|| member(&format!("images/{name}"))) {
            Some((name, span)) => Ok(ImageRef::member(&self.path, name, span.offset, span.len)),
            None => Err(Fault::unexpected(field, quoted(name), "the name of a member of the archive")),
        }
    }

    fn bytes(&self, span: Span) -> Checked<Vec<u8>> {
        if span.len > MAX_LINE_BYTES as u64 {
            let reason = format!("found a member of {} bytes, expected at most {MAX_LINE_BYTES}", span.len);
            return Err(Fault::unreadable(reason));
        }
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = open_regular(&self.path)?;
            file.seek(SeekFrom::Start(span.offset))?;
            let mut bytes = vec![0; span.len as usize];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|error| Fault::unreadable(format!("cannot be read: {error}")))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The first member that is a file of lines, and where it lies.
pub(crate) fn lines_member(members: &[Member]) -> Option<(u64, u64)> {
    let is_lines = |(name, span): &Member| span.filter(|_| name.ends_with(".jsonl"));
    members.iter().find_map(is_lines).map(|span| (span.offset, span.offset + span.len))
}

/// Samples made of the members that share their path up to the first dot of the file's name.
pub(crate) struct Samples {
    archive: Arc<Archive>,
    samples: Vec<(Arc<str>, Vec<Member>)>,
}

impl Samples {
    pub(crate) fn new(archive: Arc<Archive>, members: Vec<Member>) -> Self {
        let mut samples: Vec<(Arc<str>, Vec<Member>)> = Vec::new();
        for member in members {
            let (key, _) = split_name(&member.0);
            match samples.last_mut() {
                Some((last, group)) if **last == *key => group.push(member),
                _ => samples.push((key.into(), vec![member])),
            }
        }
        Self { archive, samples }
    }

    fn sample(&self, key: &Arc<str>, members: &[Member]) -> Checked<(Map<String, Value>, Vec<ImageRef>)> {
        let mut fields = Map::new();
        let mut pictures = Vec::new();
        for (name, span) in members {
            let Some(span) = *span else {
                let expected = "plain files with names relative to the archive";
                return Err(Fault::unexpected(".", format!("the member {}", quoted(name)), expected));
            };
            let (_, ending) = split_name(name);
            match ending.rsplit('.').next().unwrap_or_default() {
                "json" => fields.extend(json_fields(&self.archive.bytes(span)?)?),
                "txt" | "caption" => drop(fields.insert("text".to_owned(), self.text(name, span)?)),
                "cls" => drop(fields.insert("label".to_owned(), self.text(name, span)?)),
                ending if PICTURES.contains(&ending.to_ascii_lowercase().as_str()) => {
                    pictures.push(ImageRef::member(&self.archive.path, name, span.offset, span.len));
                }
                _ => {}
            }
        }
        fields.entry("id").or_insert_with(|| Value::String(key.to_string()));
        Ok((fields, pictures))
    }

    fn text(&self, name: &str, span: Span) -> Checked<Value> {
        let text = String::from_utf8(self.archive.bytes(span)?);
        let text = text.map_err(|_| Fault::unexpected(name, "bytes that are not UTF-8", "a text"))?;
        Ok(Value::String(text.trim().to_owned()))
    }
}

impl Rows for Samples {
    fn len(&self) -> Result<u64, SourceError> {
        Ok(self.samples.len() as u64)
    }

    fn row(&self, index: u64) -> Result<RawRow, RowError> {
        let place = |member: &str| Place {
            file: Arc::clone(&self.archive.path),
            position: Position::Member(member.into()),
        };
        let Some((key, members)) = usize::try_from(index).ok().and_then(|index| self.samples.get(index))
        else {
            let problem = RowProblem::PastEnd { index, rows: self.samples.len() as u64 };
            return Err(RowError { place: place(""), field: ".".to_owned(), problem });
        };
        let (mut fields, pictures) = self.sample(key, members).map_err(|fault| fault.at(place(key)))?;
        let field = if pictures.len() == 1 { "image" } else { "images" };
        // The JSON of a sample often repeats the picture's name; the picture itself is what counts.
        if !pictures.is_empty() {
            fields.remove("image");
            fields.remove("images");
        }
        let pictures = if pictures.is_empty() { Vec::new() } else { vec![(Arc::from(field), pictures)] };
        Ok(RawRow { place: place(key), fields, pictures, home: Home::Archive(Arc::clone(&self.archive)) })
    }

    fn kind(&self) -> &'static str {
        "tar"
    }
}

/// A member's name up to the first dot of its last piece, and what follows the dot.
fn split_name(name: &str) -> (&str, &str) {
    let start = name.rfind('/').map_or(0, |slash| slash + 1);
    name[start..].find('.').map_or((name, ""), |dot| (&name[..start + dot], &name[start + dot + 1..]))
}

fn stays_inside(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    !name.is_empty()
        && !drive
        && !name.contains('\0')
        && !name.starts_with(['/', '\\'])
        && !name.split(['/', '\\']).any(|piece| piece == "..")
}
