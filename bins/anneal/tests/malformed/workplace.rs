//! A temporary folder with a model and rows, changed as a case says.

use crate::case::{Case, Edit, fixtures};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::TempDir;

/// `model/` with the checkpoint, `data/` with the rows, and whatever the edits add.
pub struct Workplace {
    folder: TempDir,
}

/// A file as it was found; of a long one, only the start is kept.
#[derive(PartialEq, Eq)]
pub struct Seen {
    pub start: Vec<u8>,
    length: u64,
    written: SystemTime,
}

impl Seen {
    fn of(path: &Path) -> std::io::Result<Self> {
        let mut start = Vec::new();
        let file = fs::File::open(path)?;
        let (length, written) = (file.metadata()?.len(), file.metadata()?.modified()?);
        file.take(1 << 20).read_to_end(&mut start)?;
        Ok(Self { start, length, written })
    }
}

impl Workplace {
    /// Copies the checkpoint, writes the rows, makes the edits.
    pub fn new(case: &Case) -> Self {
        let place = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(place.path("model")).expect("model folder");
        fs::create_dir(place.path("data")).expect("data folder");
        for file in fs::read_dir(fixtures().join("checkpoints").join(&case.base)).expect("checkpoint") {
            let file = file.expect("entry");
            fs::copy(file.path(), place.path("model").join(file.file_name())).expect("copied");
        }
        let line = |row: &Value| row.as_str().map_or_else(|| row.to_string(), String::from) + "\n";
        fs::write(place.path("data/rows.jsonl"), case.rows.iter().map(line).collect::<String>())
            .expect("rows");
        case.edits.iter().for_each(|edit| place.make(edit));
        place
    }

    /// A path inside.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Every regular file.
    pub fn files(&self) -> BTreeMap<PathBuf, Seen> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("folder") {
                let entry = entry.expect("entry");
                let kind = entry.file_type().expect("file type");
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    let name = entry.path().strip_prefix(self.folder.path()).expect("inside").to_owned();
                    files.insert(name, Seen::of(&entry.path()).expect("file"));
                }
            }
        }
        files
    }

    fn make(&self, edit: &Edit) {
        match edit {
            Edit::Set { file, key, value } => self.json(file, |json| *at(json, key) = value.clone()),
            Edit::Unset { file, key } => self.json(file, |json| unset(json, key)),
            Edit::Write { file, text } => self.write(file, text.as_bytes()),
            Edit::WriteHex { file, hex } => self.write(file, &bytes(hex)),
            Edit::Append { file, text, times } => {
                self.bytes(file, |content| content.extend(text.repeat(*times).bytes()));
            }
            Edit::Overwrite { file, at, hex } => self.bytes(file, |content| overwrite(content, *at, hex)),
            Edit::Resize { file, length } => {
                let file = fs::OpenOptions::new().write(true).open(self.path(file)).expect("file");
                file.set_len(*length).expect("resized");
            }
            Edit::Remove { file } => fs::remove_file(self.path(file)).expect("removed"),
            Edit::Rename { file, to } => fs::rename(self.path(file), self.path(to)).expect("renamed"),
            Edit::Link { file, to } => {
                std::os::unix::fs::symlink(to, self.path(file)).expect("linked");
            }
            Edit::Folder { file } => fs::create_dir(self.path(file)).expect("folder"),
            Edit::Pipe { file } => {
                let made = std::process::Command::new("mkfifo").arg(self.path(file)).status();
                assert!(made.expect("mkfifo starts").success());
            }
            Edit::Copy { from, file } => {
                fs::copy(fixtures().join(from), self.path(file)).expect("copied");
            }
            Edit::Tensor { file, name, says } => self.tensor(file, name, says.as_ref()),
            Edit::ExtraTensor { file, name } => self.extra_tensor(file, name),
            Edit::Header { file, text } => self.header(file, |header| *header = text.clone()),
        }
    }

    fn write(&self, file: &Path, content: &[u8]) {
        fs::write(self.path(file), content).expect("written");
    }

    fn bytes(&self, file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut content = fs::read(self.path(file)).expect("file");
        change(&mut content);
        self.write(file, &content);
    }

    fn json(&self, file: &Path, change: impl FnOnce(&mut Value)) {
        self.bytes(file, |content| {
            let mut json = serde_json::from_slice(content).expect("JSON");
            change(&mut json);
            *content = json.to_string().into_bytes();
        });
    }

    /// A safetensors file is the length of its header in 8 bytes, the header as JSON, the data.
    fn header(&self, file: &Path, change: impl FnOnce(&mut String)) {
        self.bytes(file, |content| {
            let length = u64::from_le_bytes(content[..8].try_into().expect("8 bytes")) as usize;
            let mut header = String::from_utf8(content[8..8 + length].to_vec()).expect("text");
            change(&mut header);
            let new = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &content[8 + length..]];
            *content = new.concat();
        });
    }

    fn tensor(&self, file: &Path, name: &str, says: Option<&Map<String, Value>>) {
        self.header(file, |header| {
            let mut tensors: Map<String, Value> = serde_json::from_str(header).expect("JSON");
            match says {
                None => assert!(tensors.remove(name).is_some(), "{name}"),
                Some(says) => {
                    let entry = tensors.entry(name).or_insert_with(|| json!({}));
                    entry.as_object_mut().expect("an object").extend(says.clone());
                }
            }
            *header = Value::Object(tensors).to_string();
        });
    }

    fn extra_tensor(&self, file: &Path, name: &str) {
        let mut end = 0;
        self.header(file, |header| {
            let tensors: Map<String, Value> = serde_json::from_str(header).expect("JSON");
            end = tensors.values().filter_map(|t| t["data_offsets"][1].as_u64()).max().expect("tensors");
        });
        let entry = json!({"dtype": "F32", "shape": [1], "data_offsets": [end, end + 4]});
        self.tensor(file, name, entry.as_object());
        self.bytes(file, |content| content.extend([0; 4]));
    }
}

/// The value at a dotted key, made when it is absent.
fn at<'a>(json: &'a mut Value, key: &str) -> &'a mut Value {
    key.split('.').fold(json, |json, key| &mut json[key])
}

fn unset(json: &mut Value, key: &str) {
    let (place, last) = match key.rsplit_once('.') {
        Some((place, last)) => (at(json, place), last),
        None => (json, key),
    };
    assert!(place.as_object_mut().expect("an object").remove(last).is_some(), "{key}");
}

fn overwrite(content: &mut [u8], at: i64, hex: &str) {
    let start = if at < 0 { content.len() - at.unsigned_abs() as usize } else { at as usize };
    let new = bytes(hex);
    content[start..start + new.len()].copy_from_slice(&new);
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}
