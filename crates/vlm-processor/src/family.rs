//! Which model a folder holds, as far as text and positions need to know.

use std::path::Path;

use serde_json::Value;

use crate::model_file::JsonFile;
use crate::text_error::ProcessorError;
use crate::text_limits::{MAX_CONFIG_BYTES, MAX_VOCAB};

/// The model families that share this processor. They differ in the time axis of video positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Qwen2-VL: video time counts temporal patches.
    Qwen2Vl,
    /// Qwen2.5-VL: video time follows the clock.
    Qwen2_5Vl,
}

/// How the vision tower expects pictures to be cut; the image processor's settings say how they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PatchSizes {
    pub(crate) merge: usize,
    pub(crate) patch: usize,
    pub(crate) temporal: usize,
}

/// The few fields of `config.json` that turn text into model inputs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TextConfig {
    pub(crate) family: Family,
    pub(crate) patches: PatchSizes,
    pub(crate) tokens_per_second: f64,
    pub(crate) vocab_size: usize,
    pub(crate) image_token_id: Option<u32>,
    pub(crate) video_token_id: Option<u32>,
    pub(crate) eos: Vec<u32>,
    pub(crate) pad: Option<u32>,
}

/// transformers' default, which its files may leave out.
const DEFAULT_VOCAB: usize = 152_064;
const TYPES: &str = "\"qwen2_vl\" or \"qwen2_5_vl\"";

impl TextConfig {
    /// Reads `config.json` and `generation_config.json`, in the flat layout as published and in the
    /// nested layout (`text_config`, `vision_config`).
    pub(crate) fn from_dir(dir: &Path) -> Result<Self, ProcessorError> {
        let missing = || ProcessorError::Missing {
            path: dir.join("config.json"),
            help: "a Qwen2-VL or Qwen2.5-VL folder from Hugging Face has one",
        };
        let config = JsonFile::read(dir, "config.json", MAX_CONFIG_BYTES)?.ok_or_else(missing)?;
        let generation = JsonFile::read(dir, "generation_config.json", MAX_CONFIG_BYTES)?;
        let (mut eos, mut pad) = generation.as_ref().map_or(Ok((Vec::new(), None)), end_and_pad)?;
        if eos.is_empty() || pad.is_none() {
            let (config_eos, config_pad) = end_and_pad(&config)?;
            eos = if eos.is_empty() { config_eos } else { eos };
            pad = pad.or(config_pad);
        }
        Ok(Self {
            family: family(&config)?,
            patches: patch_sizes(&config)?,
            tokens_per_second: tokens_per_second(&config)?,
            vocab_size: vocab_size(&config)?,
            image_token_id: config.whole(&["image_token_id"])?,
            video_token_id: config.whole(&["video_token_id"])?,
            eos,
            pad,
        })
    }
}

fn family(config: &JsonFile) -> Result<Family, ProcessorError> {
    match config.string("model_type")? {
        Some("qwen2_vl") => Ok(Family::Qwen2Vl),
        Some("qwen2_5_vl") => Ok(Family::Qwen2_5Vl),
        Some(other) => Err(config.wrong("model_type", &Value::from(other), TYPES)),
        None => Err(config.wrong("model_type", &Value::Null, TYPES)),
    }
}

fn patch_sizes(config: &JsonFile) -> Result<PatchSizes, ProcessorError> {
    let size = |field, default| config.whole(&[field]).map(|size| size.map_or(default, |size| size as usize));
    Ok(PatchSizes {
        merge: merge_size(config)?,
        patch: size("vision_config.patch_size", 14)?,
        temporal: size("vision_config.temporal_patch_size", 2)?,
    })
}

fn merge_size(config: &JsonFile) -> Result<usize, ProcessorError> {
    const FIELD: &str = "vision_config.spatial_merge_size";
    match config.whole(&[FIELD])? {
        None => Ok(2),
        Some(size @ 1..=16) => Ok(size as usize),
        Some(size) => Err(config.wrong(FIELD, &Value::from(size), "a whole number from 1 to 16")),
    }
}

fn tokens_per_second(config: &JsonFile) -> Result<f64, ProcessorError> {
    const FIELD: &str = "vision_config.tokens_per_second";
    let Some(value) = config.get(FIELD) else { return Ok(4.0) };
    let number = value.as_f64().filter(|n| *n > 0.0 && *n <= 1e6);
    number.ok_or_else(|| config.wrong(FIELD, value, "a number above 0 and up to 1000000"))
}

fn vocab_size(config: &JsonFile) -> Result<usize, ProcessorError> {
    const FIELDS: [&str; 2] = ["text_config.vocab_size", "vocab_size"];
    let Some(size) = config.whole(&FIELDS)? else { return Ok(DEFAULT_VOCAB) };
    if size == 0 || size as usize > MAX_VOCAB {
        return Err(config.wrong("vocab_size", &Value::from(size), "a whole number from 1 to 4194304"));
    }
    Ok(size as usize)
}

/// Ids that end a generation (one or a list) and the id that fills up batches.
fn end_and_pad(file: &JsonFile) -> Result<(Vec<u32>, Option<u32>), ProcessorError> {
    let eos = match file.first(&["eos_token_id", "text_config.eos_token_id"]) {
        None => Vec::new(),
        Some((field, value)) => end_ids(file, field, value)?,
    };
    Ok((eos, file.whole(&["pad_token_id", "text_config.pad_token_id"])?))
}

fn end_ids(file: &JsonFile, field: &str, value: &Value) -> Result<Vec<u32>, ProcessorError> {
    let one = |v: &Value| v.as_u64().and_then(|n| u32::try_from(n).ok());
    let ids = match value {
        Value::Array(items) => items.iter().map(one).collect(),
        other => one(other).map(|id| vec![id]),
    };
    ids.ok_or_else(|| file.wrong(field, value, "a token id or a list of token ids"))
}
