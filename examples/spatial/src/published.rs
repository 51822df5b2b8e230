//! The nested configuration of the publication, as keys of a recipe.

use recipe::{Kind, Nested, NestedError};

/// Blocks that only the nested form has.
pub const BLOCKS: [&str; 3] = ["model", "training", "data"];

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

/// A nested configuration, read.
#[derive(Debug, Default, PartialEq)]
pub struct Read {
    /// `key: value` lines of a recipe.
    pub recipe: Vec<String>,
    /// Keys without an effect, with the reason.
    pub notices: Vec<String>,
    values: Nested,
}

impl Read {
    /// Reads the configuration of a stage. Keys of another stage are left aside, as in the publication.
    pub fn new(kind: Kind, config: Nested) -> Result<Self, NestedError> {
        config.check(&keys().map(|(name, _)| name).collect::<Vec<_>>())?;
        let mut read = Self::default();
        for (key, becomes) in keys() {
            let Some(value) = config.get(key) else { continue };
            let other = ["sft", "dpo", "grpo", "reward"].iter().any(|stage| {
                let belongs = key.starts_with(&format!("{stage}."));
                belongs && *stage != kind.name() && !(*stage == "reward" && kind == Kind::Grpo)
            });
            match becomes {
                _ if other => {}
                Key(name) => read.recipe.push(format!("{name}: {value}")),
                Nothing(reason) => read.notices.push(format!("`{key}` has no effect: {reason}")),
                Ours => {}
            }
        }
        read.values = config;
        read.derive(kind)?;
        Ok(read)
    }

    /// Everything that was written.
    pub fn values(&self) -> &Nested {
        &self.values
    }

    /// The names of the data sets, where they are given.
    pub fn datasets(&self) -> Result<Option<Vec<String>>, NestedError> {
        let Some(value) = self.values.get("data.datasets") else { return Ok(None) };
        let names: Option<Vec<String>> = value
            .as_array()
            .and_then(|names| names.iter().map(|name| Some(name.as_str()?.to_owned())).collect());
        names.map(Some).ok_or_else(|| self.values.refuse("data.datasets", "a list of names"))
    }

    /// Keys of a recipe that come from more than one key here.
    fn derive(&mut self, kind: Kind) -> Result<(), NestedError> {
        let lora = self.values.switch("model.use_lora")?.unwrap_or(true);
        if lora && self.values.switch("model.use_4bit")?.unwrap_or(true) {
            self.recipe.push("load_in_4bit: true".into());
            self.recipe.push("use_bnb_nested_quant: true".into());
        }
        if !self.values.switch("data.allow_bad_rows")?.unwrap_or(false) {
            self.recipe.push("on_bad_row: skip".into());
        }
        if let Some(batch) = self.values.number("training.batch_size")? {
            // A batch of the third stage counts prompts, a recipe counts completions.
            let each =
                if kind == Kind::Grpo { self.values.number("grpo.num_generations")?.unwrap_or(4) } else { 1 };
            self.recipe.push(format!("per_device_train_batch_size: {}", batch * each));
        }
        self.limits(kind)?;
        match kind {
            Kind::Sft if self.values.switch("sft.train_on_prompt")?.unwrap_or(false) => {
                self.recipe.push("assistant_only_loss: false".into());
            }
            Kind::Grpo => self.practice()?,
            _ => {}
        }
        Ok(())
    }

    fn limits(&mut self, kind: Kind) -> Result<(), NestedError> {
        let (key, name) = match kind {
            Kind::Sft => ("training.max_seq_length", "max_length"),
            Kind::Dpo => ("training.max_length", "max_length"),
            _ => ("training.max_prompt_length", "max_prompt_length"),
        };
        if let Some(length) = self.values.number(key)? {
            self.recipe.push(format!("{name}: {length}"));
        }
        if kind != Kind::Grpo {
            self.recipe.push("overlong: cut".into());
        }
        Ok(())
    }

    fn practice(&mut self) -> Result<(), NestedError> {
        if self.values.switch("hardware.use_vllm")?.unwrap_or(false) {
            let expected = "false: completions are drawn by the trainer itself";
            return Err(self.values.refuse("hardware.use_vllm", expected));
        }
        for (key, usual) in [("exact_match_weight", 0.5), ("spatial_weight", 0.3), ("format_weight", 0.2)] {
            let key = format!("reward.spatial.{key}");
            if self.values.get(&key).is_some_and(|value| value.as_f64() != Some(usual)) {
                return Err(self.values.refuse(&key, "the published weights 0.5, 0.3 and 0.2"));
            }
        }
        let reward = self.values.text("grpo.reward_type")?.unwrap_or("combined").to_owned();
        let substring = self.values.text("reward.spatial.relation_match")? == Some("substring");
        let name = match (reward.as_str(), substring) {
            ("spatial", true) => "spatial_published",
            ("spatial" | "counting" | "combined", false) | ("counting", true) => reward.as_str(),
            ("combined", true) => {
                let expected = "word beside `reward_type: combined`";
                return Err(self.values.refuse("reward.spatial.relation_match", expected));
            }
            _ => return Err(self.values.refuse("grpo.reward_type", "spatial, counting or combined")),
        };
        self.recipe.push(format!("reward_funcs: {name}"));
        if self.values.get("grpo.task_hint").is_none() {
            self.recipe.push("task_hint: true".into());
        }
        Ok(())
    }
}
