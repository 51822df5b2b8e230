//! The nested configuration of the publication, as keys of a recipe.

use recipe::Kind;
use serde_json::{Map, Value};

/// What becomes of a key.
#[derive(Clone, Copy)]
enum Becomes {
    /// A key of a recipe.
    Key(&'static str),
    /// Nothing, for a reason that the user is told.
    Nothing(&'static str),
    /// Something that [`Read`] holds.
    Ours,
}
use Becomes::{Key, Nothing, Ours};

const ELSEWHERE: &str = "is a flag here: --device, --dtype and --threads";
const UNUSED: &str = "never had an effect";
const LOCAL: &str = "records are local files: metrics.jsonl, TensorBoard events, rollouts";

/// Every key of the three stages.
const KEYS: [(&str, Becomes); 68] = [
    ("model.name", Key("model_name_or_path")),
    ("model.use_lora", Key("use_peft")),
    ("model.use_4bit", Ours),
    ("model.sft_checkpoint", Ours),
    ("model.lora.r", Key("lora_r")),
    ("model.lora.alpha", Key("lora_alpha")),
    ("model.lora.dropout", Key("lora_dropout")),
    ("model.lora.target_modules", Key("lora_target_modules")),
    ("model.lora.include_vision", Key("lora_vision")),
    ("model.lora.continue", Ours),
    ("data.datasets", Ours),
    ("data.max_samples_per_dataset", Ours),
    ("data.max_samples", Ours),
    ("data.shuffle", Key("shuffle_dataset")),
    ("data.seed", Key("seed")),
    ("data.allow_bad_rows", Ours),
    ("data.synthetic.sft", Ours),
    ("data.synthetic.preference", Ours),
    ("data.synthetic.grpo", Ours),
    ("data.synthetic.size", Ours),
    ("data.synthetic.seed", Ours),
    ("training.output_dir", Key("output_dir")),
    ("training.num_epochs", Key("num_train_epochs")),
    ("training.batch_size", Ours),
    ("training.gradient_accumulation_steps", Key("gradient_accumulation_steps")),
    ("training.learning_rate", Key("learning_rate")),
    ("training.warmup_ratio", Key("warmup_ratio")),
    ("training.schedule", Key("lr_scheduler_type")),
    ("training.weight_decay", Key("weight_decay")),
    ("training.max_grad_norm", Key("max_grad_norm")),
    ("training.gradient_checkpointing", Key("gradient_checkpointing")),
    ("training.adam_beta1", Key("adam_beta1")),
    ("training.adam_beta2", Key("adam_beta2")),
    ("training.adam_epsilon", Key("adam_epsilon")),
    ("training.max_steps", Key("max_steps")),
    ("training.max_seq_length", Ours),
    ("training.max_length", Ours),
    ("training.max_prompt_length", Ours),
    ("sft.train_on_prompt", Ours),
    ("dpo.beta", Key("beta")),
    ("dpo.loss_type", Key("loss_type")),
    ("dpo.label_smoothing", Key("label_smoothing")),
    (
        "dpo.precompute_ref",
        Nothing("the reference is the model without its adapter, scored beside each batch"),
    ),
    ("grpo.num_generations", Key("num_generations")),
    ("grpo.temperature", Key("temperature")),
    ("grpo.top_p", Key("top_p")),
    ("grpo.max_new_tokens", Key("max_completion_length")),
    ("grpo.reward_type", Ours),
    ("grpo.beta", Key("beta")),
    ("grpo.epsilon", Key("epsilon")),
    ("grpo.num_iterations", Key("num_iterations")),
    ("grpo.loss_type", Key("loss_type")),
    ("grpo.mask_truncated", Key("mask_truncated_completions")),
    ("grpo.task_hint", Key("task_hint")),
    ("reward.spatial.exact_match_weight", Ours),
    ("reward.spatial.spatial_weight", Ours),
    ("reward.spatial.format_weight", Ours),
    ("reward.spatial.relation_match", Ours),
    ("reward.counting.exact_weight", Nothing(UNUSED)),
    ("reward.counting.close_weight", Nothing(UNUSED)),
    ("hardware.bf16", Nothing(ELSEWHERE)),
    ("hardware.dataloader_num_workers", Nothing(ELSEWHERE)),
    ("hardware.use_vllm", Ours),
    (
        "hardware.vllm_gpu_memory_utilization",
        Nothing("belongs to a server, and the sampler is the trainer itself"),
    ),
    ("logging.steps", Key("logging_steps")),
    ("logging.save_steps", Key("save_steps")),
    ("logging.save_total_limit", Key("save_total_limit")),
    ("logging.report_to", Nothing(LOCAL)),
];
/// Keys that come after those: a name that is no setting, and the limits of `--debug`.
const LAST: [(&str, Becomes); 4] = [
    ("logging.run_name", Ours),
    ("debug.enabled", Ours),
    ("debug.max_samples", Ours),
    ("debug.max_steps", Ours),
];

fn keys() -> impl Iterator<Item = (&'static str, Becomes)> {
    KEYS.into_iter().chain(LAST)
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PublishedError {
    /// A key that the publication does not have.
    #[error("`{key}`: found a key that the publication does not have, expected one of {block}; {advice}")]
    Unknown {
        /// The key.
        key: String,
        /// The keys of its block.
        block: String,
        /// The nearest key.
        advice: String,
    },
    /// A value of the wrong kind.
    #[error("`{key}`: found {found}, expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// The value.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// A nested configuration, read.
#[derive(Debug, Default, PartialEq)]
pub struct Read {
    /// `key: value` lines of a recipe.
    pub recipe: Vec<String>,
    /// Keys without an effect, with the reason.
    pub notices: Vec<String>,
    values: Map<String, Value>,
}

impl Read {
    /// Whether a YAML mapping has the nested form.
    pub fn is_nested(config: &Map<String, Value>) -> bool {
        ["model", "training", "data"].iter().any(|block| config.get(*block).is_some_and(Value::is_object))
    }

    /// Reads the configuration of a stage. Keys of another stage are left aside, as in the publication.
    pub fn new(kind: Kind, config: &Map<String, Value>) -> Result<Self, PublishedError> {
        let mut flat = Map::new();
        flatten(config, "", &mut flat);
        let mut read = Self::default();
        for (key, value) in &flat {
            let known = keys().find(|(name, _)| name == key).ok_or_else(|| unknown(key))?;
            let other = ["sft", "dpo", "grpo", "reward"].iter().any(|stage| {
                let belongs = key.starts_with(&format!("{stage}."));
                belongs && *stage != kind.name() && !(*stage == "reward" && kind == Kind::Grpo)
            });
            match known.1 {
                _ if other => {}
                Key(name) if !value.is_null() => read.recipe.push(format!("{name}: {value}")),
                Nothing(reason) => read.notices.push(format!("`{key}` has no effect: {reason}")),
                _ => {}
            }
        }
        read.values = flat;
        read.derive(kind)?;
        Ok(read)
    }

    /// A value of ours.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.as_str()
    }

    /// A number of ours.
    pub fn number(&self, key: &str) -> Result<Option<u64>, PublishedError> {
        match self.values.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| wrong(key, value, "a whole number from 0")),
        }
    }

    /// A switch of ours.
    pub fn switch(&self, key: &str) -> Result<Option<bool>, PublishedError> {
        match self.values.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_bool().map(Some).ok_or_else(|| wrong(key, value, "true or false")),
        }
    }

    /// The names of the data sets, where they are given.
    pub fn datasets(&self) -> Result<Option<Vec<String>>, PublishedError> {
        let Some(value) = self.values.get("data.datasets") else { return Ok(None) };
        let names: Option<Vec<String>> = value
            .as_array()
            .and_then(|names| names.iter().map(|name| Some(name.as_str()?.to_owned())).collect());
        names.map(Some).ok_or_else(|| wrong("data.datasets", value, "a list of names"))
    }

    /// Keys of a recipe that come from more than one key here.
    fn derive(&mut self, kind: Kind) -> Result<(), PublishedError> {
        let lora = self.switch("model.use_lora")?.unwrap_or(true);
        if lora && self.switch("model.use_4bit")?.unwrap_or(true) {
            self.recipe.push("load_in_4bit: true".into());
            self.recipe.push("use_bnb_nested_quant: true".into());
        }
        if !self.switch("data.allow_bad_rows")?.unwrap_or(false) {
            self.recipe.push("on_bad_row: skip".into());
        }
        if let Some(batch) = self.number("training.batch_size")? {
            // A batch of the third stage counts prompts, a recipe counts completions.
            let each = if kind == Kind::Grpo { self.number("grpo.num_generations")?.unwrap_or(4) } else { 1 };
            self.recipe.push(format!("per_device_train_batch_size: {}", batch * each));
        }
        self.limits(kind)?;
        match kind {
            Kind::Sft if self.switch("sft.train_on_prompt")?.unwrap_or(false) => {
                self.recipe.push("assistant_only_loss: false".into());
            }
            Kind::Grpo => self.practice()?,
            _ => {}
        }
        Ok(())
    }

    fn limits(&mut self, kind: Kind) -> Result<(), PublishedError> {
        let (key, name) = match kind {
            Kind::Sft => ("training.max_seq_length", "max_length"),
            Kind::Dpo => ("training.max_length", "max_length"),
            _ => ("training.max_prompt_length", "max_prompt_length"),
        };
        if let Some(length) = self.number(key)? {
            self.recipe.push(format!("{name}: {length}"));
        }
        if kind != Kind::Grpo {
            self.recipe.push("overlong: cut".into());
        }
        Ok(())
    }

    fn practice(&mut self) -> Result<(), PublishedError> {
        if self.switch("hardware.use_vllm")?.unwrap_or(false) {
            let found = Value::Bool(true);
            return Err(wrong(
                "hardware.use_vllm",
                &found,
                "false: completions are drawn by the trainer itself",
            ));
        }
        for (key, usual) in [("exact_match_weight", 0.5), ("spatial_weight", 0.3), ("format_weight", 0.2)] {
            let key = format!("reward.spatial.{key}");
            if let Some(value) = self.values.get(&key).filter(|value| value.as_f64() != Some(usual)) {
                return Err(wrong(&key, value, "the published weights 0.5, 0.3 and 0.2"));
            }
        }
        let reward = self.text("grpo.reward_type").unwrap_or("combined").to_owned();
        let substring = self.text("reward.spatial.relation_match") == Some("substring");
        let name = match (reward.as_str(), substring) {
            ("spatial", true) => "spatial_published",
            ("spatial" | "counting" | "combined", false) | ("counting", true) => reward.as_str(),
            ("combined", true) => {
                let found = Value::from("substring");
                return Err(wrong(
                    "reward.spatial.relation_match",
                    &found,
                    "word beside `reward_type: combined`",
                ));
            }
            _ => {
                return Err(wrong("grpo.reward_type", &Value::from(reward), "spatial, counting or combined"));
            }
        };
        self.recipe.push(format!("reward_funcs: {name}"));
        if !self.values.contains_key("grpo.task_hint") {
            self.recipe.push("task_hint: true".into());
        }
        Ok(())
    }
}

/// `{a: {b: 1}}` as `a.b: 1`.
fn flatten(block: &Map<String, Value>, path: &str, flat: &mut Map<String, Value>) {
    for (name, value) in block {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Object(inner) => flatten(inner, &path, flat),
            other => {
                flat.insert(path, other.clone());
            }
        }
    }
}

fn wrong(key: &str, value: &Value, expected: &'static str) -> PublishedError {
    PublishedError::Value { key: key.to_owned(), found: value.to_string(), expected }
}

fn unknown(key: &str) -> PublishedError {
    let block = key.rsplit_once('.').map_or("", |(block, _)| block);
    let near = keys().map(|(name, _)| (distance(key, name), name)).min();
    let advice = match near {
        Some((steps, name)) if steps <= key.len() / 3 => format!("did you mean `{name}`?"),
        _ => "remove it".to_owned(),
    };
    let of_block: Vec<&str> = keys()
        .map(|(name, _)| name)
        .filter(|name| name.rsplit_once('.').is_some_and(|(other, _)| other == block))
        .collect();
    let of_block = if of_block.is_empty() {
        "model, data, training, dpo, grpo, reward, logging"
    } else {
        &of_block.join(", ")
    };
    PublishedError::Unknown { key: key.to_owned(), block: of_block.to_owned(), advice }
}

/// Letters to insert, remove or replace to make one word of another (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = corner + usize::from(letter != *other);
            corner = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
