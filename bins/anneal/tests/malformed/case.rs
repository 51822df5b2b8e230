//! One way of being malformed, as `cases.json` tells it.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// A command over a changed copy of a checkpoint, and what it must say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pub group: Group,
    #[serde(default = "generate")]
    pub command: String,
    #[serde(default = "nano")]
    pub base: String,
    /// Lines of the file of rows: JSON is written as JSON, a string as it stands.
    #[serde(default = "greeting")]
    pub rows: Vec<Value>,
    #[serde(default)]
    pub edits: Vec<Edit>,
    /// Words after the usual `--model`, `--input` and `--output`.
    #[serde(default)]
    pub flags: Vec<String>,
    #[serde(default = "usual_input")]
    pub input: String,
    #[serde(default = "usual_output")]
    pub output: String,
    pub expect: Expect,
}

/// Cases that one test goes through.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Config,
    Settings,
    Weights,
    Index,
    Rows,
    Images,
    Flags,
    Output,
    Fine,
}

/// How the command must end.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Exit code 1, and these words among those on standard error.
    Error(Vec<String>),
    /// Exit code 2, and these words among those on standard error.
    Usage(Vec<String>),
    /// Exit code 0 and this many results.
    Results(usize),
}

/// A change of the workplace; files are relative to it.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// Sets the value at a dotted key of a JSON file.
    Set { file: PathBuf, key: String, value: Value },
    /// Removes a dotted key of a JSON file.
    Unset { file: PathBuf, key: String },
    /// Makes a file of a text.
    Write { file: PathBuf, text: String },
    /// Makes a file of bytes in hexadecimal.
    WriteHex { file: PathBuf, hex: String },
    /// Puts a text, several times over, at the end of a file.
    Append { file: PathBuf, text: String, times: usize },
    /// Puts bytes over those at a place; a negative place counts from the end.
    Overwrite { file: PathBuf, at: i64, hex: String },
    /// Sets the length, shorter or (with zeros) longer.
    Resize { file: PathBuf, length: u64 },
    /// Deletes a file.
    Remove { file: PathBuf },
    /// Gives a file another name.
    Rename { file: PathBuf, to: PathBuf },
    /// Makes a symbolic link.
    Link { file: PathBuf, to: PathBuf },
    /// Makes a folder.
    Folder { file: PathBuf },
    /// Makes a named pipe that nobody writes to.
    Pipe { file: PathBuf },
    /// Copies a fixture.
    Copy { from: PathBuf, file: PathBuf },
    /// Changes what a safetensors header says of a tensor; `null` removes it. The data stays as it is.
    Tensor { file: PathBuf, name: String, says: Option<Map<String, Value>> },
    /// Adds a tensor of one F32 number, header and data.
    ExtraTensor { file: PathBuf, name: String },
    /// Replaces a safetensors header by a text; the data stays as it is.
    Header { file: PathBuf, text: String },
}

fn generate() -> String {
    "generate".into()
}

fn nano() -> String {
    "qwen2_5-nano".into()
}

fn greeting() -> Vec<Value> {
    vec![json!({"id": "a", "messages": [{"role": "user", "content": "hi"}]})]
}

fn usual_input() -> String {
    "data/rows.jsonl".into()
}

fn usual_output() -> String {
    "out".into()
}

/// The folder of all fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures")
}

/// Every case.
pub fn cases() -> Vec<Case> {
    let path = fixtures().join("malformed/model/cases.json");
    let text = std::fs::read_to_string(&path).expect("the cases are there");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
