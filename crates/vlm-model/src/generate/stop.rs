//! `generation_config.json`: where a completion ends, and the sampling that a folder suggests.

use serde::Deserialize;
use std::io::Read;
use std::path::{Path, PathBuf};
use vlm_processor::text_limits::MAX_CONFIG_BYTES;

/// Why a folder's generation settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}", path = path.display())]
pub struct GenerationConfigError {
    path: PathBuf,
    problem: String,
}

/// What a folder says about generating with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GenerationConfig {
    /// Ids at which a completion ends.
    pub eos: Vec<u32>,
    /// The padding id.
    pub pad: Option<u32>,
    /// Suggested temperature; `None` where the folder suggests greedy decoding or nothing.
    pub temperature: Option<f32>,
    /// Suggested top-p.
    pub top_p: Option<f32>,
    /// Suggested top-k.
    pub top_k: Option<usize>,
    /// Suggested repetition penalty.
    pub repetition_penalty: Option<f32>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Ids {
    One(u32),
    Many(Vec<u32>),
}

#[derive(Default, Deserialize)]
struct File {
    eos_token_id: Option<Ids>,
    pad_token_id: Option<u32>,
    #[serde(default)]
    do_sample: bool,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<usize>,
    repetition_penalty: Option<f32>,
    text_config: Option<Box<File>>,
}

impl GenerationConfig {
    /// Reads `generation_config.json`, or the ids of `config.json` where that file is absent.
    pub fn from_dir(dir: &Path) -> Result<Self, GenerationConfigError> {
        let own = read(&dir.join("generation_config.json"))?;
        let named = own.as_ref().is_some_and(|file| file.eos_token_id.is_some());
        let model = if named { None } else { read(&dir.join("config.json"))? };
        let inner = model.map(|mut file| match (file.eos_token_id.take(), file.text_config.take()) {
            (None, Some(text)) => text.eos_token_id,
            (ids, _) => ids,
        });
        let file = own.unwrap_or_default();
        let eos = match file.eos_token_id.or(inner.flatten()) {
            Some(Ids::One(id)) => vec![id],
            Some(Ids::Many(ids)) => ids,
            None => Vec::new(),
        };
        Ok(Self {
            eos,
            pad: file.pad_token_id,
            temperature: file.temperature.or(Some(1.0)).filter(|_| file.do_sample),
            top_p: file.top_p,
            top_k: file.top_k,
            repetition_penalty: file.repetition_penalty,
        })
    }
}

fn read(path: &Path) -> Result<Option<File>, GenerationConfigError> {
    let error = |problem: String| GenerationConfigError { path: path.to_owned(), problem };
    let mut text = Vec::new();
    let file = vlm_processor::open_regular(path);
    match file.and_then(|file| file.take(MAX_CONFIG_BYTES).read_to_end(&mut text)) {
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(other) => Err(error(format!("cannot be read: {other}"))),
        Ok(_) => parse(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text))
            .map(Some)
            .map_err(|problem| error(format!("not a generation configuration: {problem}"))),
    }
}

fn parse(text: &[u8]) -> Result<File, String> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let file = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
    json.end().map_err(|error| error.to_string())?;
    Ok(file)
}
