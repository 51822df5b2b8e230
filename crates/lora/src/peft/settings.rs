//! `adapter_config.json`: what it may say and what we say in it.

use super::{CONFIG, PeftError, file};
use crate::config::MAX_RANK;
use crate::{LoraConfig, Targets, Variant, Vision};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};
use std::fmt;
use std::path::Path;

/// Larger files of settings are refused before they are read.
const MAX_BYTES: u64 = 4 << 20;
/// More patterns than that are refused.
const MAX_PATTERNS: usize = 512;

/// Settings that say where an adapter comes from, how it was started or how it was trained, and nothing about what it
/// computes.
const HARMLESS: [&str; 18] = [
    "auto_mapping",
    "corda_config",
    "ensure_weight_tying",
    "eva_config",
    "inference_mode",
    "layers_pattern",
    "layers_to_transform",
    "loftq_config",
    "lora_ga_config",
    "megatron_config",
    "megatron_core",
    "peft_version",
    "qalora_group_size",
    "revision",
    "runtime_config",
    "task_type",
    "trainable_parameters",
    "velora_config",
];

/// Starts that leave the frozen weights as they are; others put a part of them into the adapter.
const STARTS: [&str; 3] = ["gaussian", "eva", "orthogonal"];

/// The settings that matter.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub config: LoraConfig,
    /// Maps that are no targets although the settings name them.
    pub excluded: Targets,
    pub base_model: Option<String>,
}

/// The settings of a folder.
pub(super) fn read(dir: &Path) -> Result<Settings, PeftError> {
    let path = file::inside(dir, CONFIG)?;
    parse(&path, &file::small(&path, MAX_BYTES)?)
}

/// The settings in the bytes of a file; `path` stands in messages.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Settings, PeftError> {
    let bad = |problem: String| PeftError::BadConfig { path: path.to_owned(), problem };
    let entries: Entries = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
    let mut reader = Reader {
        path,
        settings: Settings {
            config: LoraConfig {
                vision: Vision::Included,
                targets: Targets::Names(Vec::new()),
                ..LoraConfig::default()
            },
            excluded: Targets::Names(Vec::new()),
            base_model: None,
        },
        flags: [false; 2],
    };
    for (key, value) in &entries.0 {
        reader.entry(key, value)?;
    }
    for key in ["peft_type", "r", "lora_alpha"] {
        if !entries.0.iter().any(|(name, _)| name == key) {
            return Err(bad(format!("\"{key}\" is missing; expected the settings of a LoRA adapter")));
        }
    }
    reader.finish()
}

/// Reads entry by entry.
struct Reader<'a> {
    path: &'a Path,
    settings: Settings,
    /// use_rslora, use_dora
    flags: [bool; 2],
}

impl Reader<'_> {
    fn entry(&mut self, key: &str, value: &Value) -> Result<(), PeftError> {
        let path = self.path;
        let wrong = |expected: &str| unfit(path, key, value, expected);
        let config = &mut self.settings.config;
        match key {
            "peft_type" => return self.expect(key, value, value == "LORA", "\"LORA\""),
            "r" => config.r = rank(value).ok_or_else(|| wrong(RANK))?,
            "lora_alpha" => config.alpha = positive(value).ok_or_else(|| wrong(POSITIVE))?,
            "lora_dropout" => {
                let dropout = value.as_f64().filter(|p| (0.0..1.0).contains(p));
                config.dropout = dropout.ok_or_else(|| wrong("0 or more and less than 1"))?;
            }
            "use_rslora" => self.flags[0] = flag(value).ok_or_else(|| wrong(FLAG))?,
            "use_dora" => self.flags[1] = flag(value).ok_or_else(|| wrong(FLAG))?,
            "target_modules" => config.targets = targets(value).ok_or_else(|| wrong(NAMES))?,
            "exclude_modules" => self.settings.excluded = targets(value).ok_or_else(|| wrong(NAMES))?,
            "modules_to_save" => {
                config.modules_to_save = names(value).ok_or_else(|| wrong("a list of names"))?;
            }
            "rank_pattern" => {
                config.rank_pattern = patterns(value, rank).ok_or_else(|| wrong(RANKS))?;
            }
            "alpha_pattern" => {
                config.alpha_pattern = patterns(value, positive).ok_or_else(|| wrong(ALPHAS))?;
            }
            "base_model_name_or_path" => self.settings.base_model = value.as_str().map(ToOwned::to_owned),
            _ => return self.other(key, value),
        }
        Ok(())
    }

    /// A setting that must not change what is computed.
    fn other(&self, key: &str, value: &Value) -> Result<(), PeftError> {
        let neutral = match value {
            Value::Null | Value::Bool(false) => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            _ => false,
        };
        match key {
            "bias" => {
                self.expect(key, value, value == "none" || neutral, "\"none\": biases are not trained here")
            }
            "init_lora_weights" => {
                let known = value.as_str().is_some_and(|start| STARTS.contains(&start));
                let expected = "a start that leaves the base weights as they are; save the adapter again with PEFT's \
                                path_initial_model_for_weight_conversion";
                self.expect(key, value, known || value.is_boolean() || value.is_null(), expected)
            }
            key if HARMLESS.contains(&key) => Ok(()),
            _ => self.expect(
                key,
                value,
                neutral,
                "nothing: this setting changes what is computed, or is not known here",
            ),
        }
    }

    fn expect(&self, key: &str, value: &Value, good: bool, expected: &str) -> Result<(), PeftError> {
        if good { Ok(()) } else { Err(unfit(self.path, key, value, expected)) }
    }

    fn finish(mut self) -> Result<Settings, PeftError> {
        self.settings.config.variant = match self.flags {
            [false, false] => Variant::Lora,
            [true, false] => Variant::RsLora,
            [false, true] => Variant::Dora,
            [true, true] => Variant::RsDora,
        };
        Ok(self.settings)
    }
}

fn unfit(path: &Path, key: &str, value: &Value, expected: &str) -> PeftError {
    let found: String = value.to_string().chars().take(80).collect();
    PeftError::Setting { path: path.to_owned(), key: key.to_owned(), found, expected: expected.to_owned() }
}

const RANK: &str = "a whole number from 1 to 1024";
const POSITIVE: &str = "a finite number above 0";
const FLAG: &str = "true or false";
const NAMES: &str = "a list of names or one pattern";
const RANKS: &str = "at most 512 patterns, each with a rank from 1 to 1024";
const ALPHAS: &str = "at most 512 patterns, each with a finite number above 0";

fn rank(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|rank| usize::try_from(rank).ok()).filter(|rank| (1..=MAX_RANK).contains(rank))
}

fn positive(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite() && *number > 0.0)
}

fn flag(value: &Value) -> Option<bool> {
    if value.is_null() { Some(false) } else { value.as_bool() }
}

fn names(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(ToOwned::to_owned)).collect(),
        _ => None,
    }
}

fn targets(value: &Value) -> Option<Targets> {
    match value.as_str() {
        Some("all-linear") => Some(Targets::AllLinear),
        Some(pattern) => Some(Targets::Pattern(pattern.to_owned())),
        None => names(value).map(Targets::Names),
    }
}

/// The entries of a map in the order of the file.
fn patterns<T>(value: &Value, number: impl Fn(&Value) -> Option<T>) -> Option<Vec<(String, T)>> {
    if value.is_null() {
        return Some(Vec::new());
    }
    let Entries(entries) = Entries::deserialize(value).ok()?;
    let pairs = entries.into_iter().map(|(key, value)| Some((key, number(&value)?)));
    let pairs: Vec<(String, T)> = pairs.collect::<Option<_>>()?;
    (pairs.len() <= MAX_PATTERNS).then_some(pairs)
}

/// A JSON object in the order of the file, in which no key stands twice.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut seen = std::collections::BTreeSet::new();
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if !seen.insert(key.clone()) {
                return Err(serde::de::Error::custom(format!("the key {key:?} stands twice")));
            }
            entries.push((key, value));
        }
        Ok(Entries(entries))
    }
}

/// The settings as PEFT reads them.
pub(super) fn render(settings: &Settings) -> Vec<u8> {
    let config = &settings.config;
    let alpha =
        |alpha: f64| if alpha.fract() == 0.0 && alpha < 1e15 { json!(alpha as u64) } else { json!(alpha) };
    let object = |pairs: Vec<(String, Value)>| Value::Object(pairs.into_iter().collect());
    let ranks = config.rank_pattern.iter().map(|(name, rank)| (name.clone(), json!(rank))).collect();
    let alphas = config.alpha_pattern.iter().map(|(name, value)| (name.clone(), alpha(*value))).collect();
    let saved = (!config.modules_to_save.is_empty()).then_some(&config.modules_to_save);
    let json = json!({
        "alpha_pattern": object(alphas),
        "auto_mapping": null,
        "base_model_name_or_path": settings.base_model,
        "bias": "none",
        "exclude_modules": said(&settings.excluded),
        "fan_in_fan_out": false,
        "inference_mode": true,
        "init_lora_weights": true,
        "lora_alpha": alpha(config.alpha),
        "lora_dropout": config.dropout,
        "modules_to_save": saved,
        "peft_type": "LORA",
        "r": config.r,
        "rank_pattern": object(ranks),
        "target_modules": said(&config.targets),
        "task_type": "CAUSAL_LM",
        "use_dora": config.variant.has_magnitude(),
        "use_rslora": matches!(config.variant, Variant::RsLora | Variant::RsDora),
    });
    format!("{json:#}\n").into_bytes()
}

/// Targets as PEFT spells them.
fn said(targets: &Targets) -> Value {
    match targets {
        Targets::AllLinear => json!("all-linear"),
        Targets::Names(names) if names.is_empty() => Value::Null,
        Targets::Names(names) => json!(names),
        Targets::Pattern(pattern) => json!(pattern),
    }
}
