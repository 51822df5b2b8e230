//! The nested configuration of the publication, as keys of a recipe.

use crate::extras::{self, Extras};
use eval::benchmark_by_name;
use recipe::{Kind, Nested, NestedError};

/// Blocks that only the nested form has.
pub const BLOCKS: [&str; 4] = ["config", "dataset", "optimizer", "loss"];

/// The benchmark whose prompt is what a chat model is asked behind every question.
const BENCHMARK: &str = "mm_math";

/// Keys that are keys of a recipe, for both kinds of runs.
const COMMON: [(&str, &str); 9] = [
    ("config.pretrained_model_name_or_path", "model_name_or_path"),
    ("num_epochs", "num_train_epochs"),
    ("seed", "seed"),
    ("enable_activation_checkpointing", "gradient_checkpointing"),
    ("log_every_n_steps", "logging_steps"),
    ("resume_from", "resume_from_checkpoint"),
    ("lora.r", "lora_r"),
    ("lora.alpha", "lora_alpha"),
    ("lora.dropout", "lora_dropout"),
];

/// Keys that are keys of a recipe of Reinforce++.
const PRACTICE: [(&str, &str); 22] = [
    ("batch_size", "rollout_batch_size"),
    ("ppo_epochs", "num_iterations"),
    ("gradient_accumulation_steps", "gradient_accumulation_steps"),
    ("optimizer.lr", "learning_rate"),
    ("optimizer.weight_decay", "weight_decay"),
    ("optimizer.eps", "adam_epsilon"),
    ("gamma", "gamma"),
    ("loss.epsilon_low", "epsilon"),
    ("loss.epsilon_high", "epsilon_high"),
    ("loss.kl_loss_coeff", "kl_loss_coeff"),
    ("kl_reward_coeff", "kl_reward_coeff"),
    ("penalise_no_eos", "penalise_no_eos"),
    ("reward_penalty", "reward_penalty"),
    ("generation_kwargs.max_tokens", "max_completion_length"),
    ("generation_kwargs.temperature", "temperature"),
    ("generation_kwargs.top_p", "top_p"),
    ("max_prompt_tokens", "max_prompt_length"),
    ("whiten", "whiten"),
    ("loss_agg", "loss_agg"),
    ("format_weight", "format_weight"),
    ("judge.mode", "judge_mode"),
    ("min_response_length", "min_response_length"),
];

/// Keys that are read on their own.
const OURS: [&str; 34] = [
    "dataset.dataset_path",
    "dataset.use_chat_template",
    "validation_dataset.dataset_path",
    "validation_dataset.use_chat_template",
    "test_dataset.dataset_path",
    "test_dataset.use_chat_template",
    "config.model_class",
    "output_dir",
    "forward_batch_size",
    "ppo_batch_size",
    "optimizer.betas",
    "enable_lr_scheduler",
    "clip_grad_norm",
    "dtype",
    "train_vit",
    "train_connector",
    "train_llm",
    "skip_bad_rows",
    "stop_token_ids",
    "sampler",
    "num_train_devices",
    "whiten_scope",
    "lora.target_modules",
    "toy.in_text",
    "toy.cot",
    "compat",
    "compat.keep_image_literal",
    "compat.position_ids",
    "compat.length_minus_one",
    "compat.format_weight",
    "eval_at_start",
    "save_every_n_epochs",
    "save_eval_files",
    "use_chat_template",
];

/// Keys that mean something in another runtime, or nothing at all.
const NOTHING: [&str; 13] = [
    "_target_",
    "vllm.*",
    "custom_sharded_layers",
    "reshard_after_forward",
    "compile",
    "whiten_rewards",
    "log_full_entropy",
    "metric_logger.*",
    "optimizer._target_",
    "optimizer.fused",
    "loss._target_",
    "dataset._target_",
    "config._target_",
];

/// A nested configuration, read.
#[derive(Debug, Default, PartialEq)]
pub struct Published {
    /// `key: value` lines of a recipe.
    pub recipe: Vec<String>,
    /// What is no recipe's matter.
    pub extras: Extras,
    /// What is worth knowing before the run.
    pub notices: Vec<String>,
    /// Whether the prompt is the plain text of a base model.
    pub base_prompt: bool,
}

/// Every key of the publication.
pub fn keys() -> Vec<&'static str> {
    let renamed = COMMON.iter().chain(&PRACTICE).map(|(key, _)| *key);
    renamed.chain(OURS).chain(NOTHING).collect()
}

impl Published {
    /// Reads the configuration. Supervised runs take the model, the data, what is trained and how long from it, and the
    /// settings of the comparison arm for the rest: batches of 16, a learning rate of 1e-5 with warm-up and a cosine.
    pub fn read(kind: Kind, config: &Nested) -> Result<Self, NestedError> {
        config.check(&keys())?;
        let mut read = Self::default();
        read.copy(config, &COMMON);
        read.places(kind, config)?;
        read.trained_parts(config)?;
        if kind == Kind::Reinforce {
            read.practice(config)?;
        } else {
            for line in
                ["learning_rate: 1.0e-5", "per_device_train_batch_size: 1", "gradient_accumulation_steps: 16"]
            {
                read.recipe.push(line.to_owned());
            }
            read.recipe.extend(["lr_scheduler_type: cosine".to_owned(), "warmup_ratio: 0.1".to_owned()]);
        }
        read.runtime(config)?;
        for key in extras::KEYS {
            if let Some(value) = config.get(key) {
                read.extras.set(key, &value.to_string()).map_err(|problem| refused(config, key, problem))?;
            }
        }
        Ok(read)
    }

    fn copy(&mut self, config: &Nested, keys: &[(&str, &str)]) {
        let there = keys.iter().filter_map(|(key, name)| Some((name, config.get(key)?)));
        self.recipe.extend(there.map(|(name, value)| format!("{name}: {value}")));
    }

    fn say(&mut self, key: &str, value: impl std::fmt::Display) {
        self.recipe.push(format!("{key}: {value}"));
    }

    /// Data, prompts, the folder of the run.
    fn places(&mut self, kind: Kind, config: &Nested) -> Result<(), NestedError> {
        let file = |key: &str| config.text(&format!("{key}.dataset_path"));
        let quoted = |path: &str| serde_json::Value::from(path);
        if let Some(path) = file("dataset")? {
            self.say("datasets", quoted(path));
        }
        match (file("validation_dataset")?, file("test_dataset")?) {
            (Some(validation), Some(test)) => {
                self.say("eval_dataset", format!("[{}, {}]", quoted(validation), quoted(test)));
            }
            (Some(validation), None) => self.say("eval_dataset", quoted(validation)),
            (None, Some(_)) => {
                return Err(config.refuse("test_dataset.dataset_path", "`validation_dataset` beside it"));
            }
            (None, None) => {}
        }
        if let Some(folder) = config.text("output_dir")? {
            let folder = if kind == Kind::Sft { format!("{folder}-SFT") } else { folder.to_owned() };
            self.say("output_dir", quoted(&folder));
        }
        let chat = config.switch("dataset.use_chat_template")?.or(config.switch("use_chat_template")?);
        self.base_prompt = chat == Some(false);
        if self.base_prompt && kind == Kind::Sft {
            return Err(
                config.refuse("dataset.use_chat_template", "true: written solutions are answers in a chat")
            );
        }
        if !self.base_prompt {
            let asked = benchmark_by_name(BENCHMARK).map_err(|error| NestedError::Yaml(error.to_string()))?;
            self.say("prompt_suffix", quoted(asked.prompt()));
        }
        if config.switch("skip_bad_rows")? == Some(true) {
            self.say("on_bad_row", "skip");
        }
        Ok(())
    }

    /// What learns.
    fn trained_parts(&mut self, config: &Nested) -> Result<(), NestedError> {
        if config.has_block(&["lora"]) {
            if let Some(targets) = config.get("lora.target_modules") {
                self.say("lora_target_modules", targets);
            }
            return Ok(());
        }
        let parts = [
            ("train_vit", "freeze_vision_tower", false),
            ("train_connector", "freeze_merger", false),
            ("train_llm", "freeze_language_model", true),
        ];
        self.say("use_peft", false);
        let mut any = false;
        for (key, name, usual) in parts {
            let trained = config.switch(key)?.unwrap_or(usual);
            self.say(name, !trained);
            any |= trained;
        }
        if any {
            Ok(())
        } else {
            Err(config.refuse("train_llm", "one of train_vit, train_connector, train_llm to be true"))
        }
    }

    /// Generation, rewards, loss and updates.
    fn practice(&mut self, config: &Nested) -> Result<(), NestedError> {
        let preset = config.text("compat")?;
        if preset.is_some_and(|preset| preset != "published") {
            return Err(config.refuse("compat", "published, or a block of its keys"));
        }
        let published = preset.is_some();
        self.copy(config, &PRACTICE);
        self.say("reward_funcs", "maye");
        self.updates(config)?;
        if let Some([first, second]) = betas(config)? {
            self.say("adam_beta1", first);
            self.say("adam_beta2", second);
        }
        if config.switch("enable_lr_scheduler")? == Some(false) {
            self.say("lr_scheduler_type", "constant");
        } else {
            self.say("lr_scheduler_type", "cosine");
            self.say("warmup_ratio", 0.1);
        }
        let clip = config.real("clip_grad_norm")?;
        if config.entries().any(|(key, _)| key == "clip_grad_norm") {
            self.say("max_grad_norm", clip.map_or("null".to_owned(), |norm| norm.to_string()));
        }
        if published {
            for (key, value) in
                [("whiten", "readd_mean"), ("loss_agg", "token_mean"), ("judge.mode", "strict")]
            {
                let name = PRACTICE.iter().find(|(known, _)| *known == key).map_or(key, |(_, name)| *name);
                if config.get(key).is_none() {
                    self.say(name, value);
                }
            }
            self.notices.push(
                "`compat: published` leaves out what would be wrong: position_ids one_d (training here has the positions of \
                 sampling) and keep_image_literal (the text of a prompt has no second mark of its image)"
                    .to_owned(),
            );
        }
        self.compat(config, published)
    }

    fn updates(&mut self, config: &Nested) -> Result<(), NestedError> {
        let usual =
            |key: &str, usual: u64| Ok::<u64, NestedError>(config.number(key)?.unwrap_or(usual).max(1));
        let (batch, accumulation) = (usual("batch_size", 128)?, usual("gradient_accumulation_steps", 2)?);
        let (mini, forward) = (usual("ppo_batch_size", 4)?, usual("forward_batch_size", batch)?);
        for (key, part, whole, name) in [
            ("forward_batch_size", forward, batch, "batch_size"),
            ("ppo_batch_size", mini, batch, "batch_size"),
            ("gradient_accumulation_steps", accumulation, mini, "ppo_batch_size"),
        ] {
            if whole % part != 0 {
                return Err(config.refuse(key, format!("a divisor of `{name}`, which is {whole}")));
            }
        }
        self.say("per_device_train_batch_size", mini / accumulation);
        Ok(())
    }

    /// Habits of the published code, one by one.
    fn compat(&mut self, config: &Nested, published: bool) -> Result<(), NestedError> {
        if config.text("compat.position_ids")? == Some("one_d") {
            return Err(
                config.refuse("compat.position_ids", "nothing: training has the positions of sampling")
            );
        }
        if config.switch("compat.keep_image_literal")? == Some(true) {
            return Err(config.refuse("compat.keep_image_literal", "false: a prompt names its image once"));
        }
        if config.switch("compat.length_minus_one")?.unwrap_or(published) {
            // A length without the end token is below the least length when the whole length is below one more.
            let least = config.number("min_response_length")?.unwrap_or(1);
            self.recipe.retain(|line| !line.starts_with("min_response_length:"));
            self.say("min_response_length", least + 1);
        }
        let weight = config.real("compat.format_weight")?.or(published.then_some(1.0));
        if let (Some(weight), None) = (weight, config.get("format_weight")) {
            self.say("format_weight", weight);
        }
        Ok(())
    }

    /// What another runtime was told.
    fn runtime(&mut self, config: &Nested) -> Result<(), NestedError> {
        match config.text("dtype")? {
            None | Some("bf16" | "bfloat16" | "fp32" | "float32") => {}
            Some(_) => {
                return Err(config.refuse("dtype", "bfloat16 or float32; masters are float32 in either case"));
            }
        }
        match config.text("sampler")? {
            None | Some("in_process") => {}
            Some(_) => {
                return Err(config.refuse("sampler", "in_process: responses are drawn by the trainer itself"));
            }
        }
        if config.number("num_train_devices")?.is_some_and(|devices| devices != 1) {
            return Err(config.refuse("num_train_devices", "1: a run has one device"));
        }
        if config.get("stop_token_ids").and_then(|ids| ids.as_array()).is_some_and(|ids| !ids.is_empty()) {
            return Err(config.refuse("stop_token_ids", "null: responses end where the model's folder says"));
        }
        if !matches!(config.text("whiten_scope")?, None | Some("local" | "global")) {
            return Err(config.refuse("whiten_scope", "global or local, which are the same on one device"));
        }
        let unused = |key: &str| {
            NOTHING.iter().any(|name| match name.strip_suffix(".*") {
                Some(block) => key.split('.').next() == Some(block),
                None => key == *name,
            })
        };
        let ignored: Vec<&str> = config.entries().map(|(key, _)| key).filter(|key| unused(key)).collect();
        if !ignored.is_empty() {
            self.notices.push(format!("without an effect here: {}", ignored.join(", ")));
        }
        Ok(())
    }
}

fn betas(config: &Nested) -> Result<Option<[f64; 2]>, NestedError> {
    let Some(value) = config.get("optimizer.betas") else { return Ok(None) };
    let both: Option<Vec<f64>> =
        value.as_array().and_then(|list| list.iter().map(serde_json::Value::as_f64).collect());
    match both.as_deref() {
        Some([first, second]) => Ok(Some([*first, *second])),
        _ => Err(config.refuse("optimizer.betas", "two numbers")),
    }
}

fn refused(config: &Nested, key: &str, problem: String) -> NestedError {
    config.refuse(
        key,
        problem.rsplit_once("expected ").map_or(problem.clone(), |(_, expected)| expected.to_owned()),
    )
}
