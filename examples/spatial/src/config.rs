//! From a file and flags to a recipe, and to what is no recipe's matter.

use crate::args::StageArgs;
use crate::published::{BLOCKS, Read};
use crate::sets;
use recipe::{Kind, Nested, Recipe};
use serde_json::Value;
use std::path::PathBuf;

/// Steps and rows of `--debug` where the configuration does not say.
const DEBUG: [(Kind, u64, u64); 3] = [(Kind::Sft, 50, 100), (Kind::Dpo, 30, 50), (Kind::Grpo, 20, 30)];

/// A stage as it was asked for.
pub struct Config {
    /// Which stage.
    pub kind: Kind,
    /// Settings of the recipe, as YAML.
    text: String,
    /// Those that replace them: flags before overrides.
    overrides: Vec<String>,
    /// The folder of the stage before.
    pub before: Option<PathBuf>,
    /// How its adapter is used.
    pub start: Start,
    /// Rows of each set, where `--debug` limits them.
    pub debug_rows: Option<usize>,
}

/// How a stage begins where the stage before left an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The adapter is folded into the model, and a new one begins at nothing: the reference is the folded model.
    Fold,
    /// The adapter itself goes on: the reference is a frozen copy of it.
    Continue,
}

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

impl Config {
    /// Reads the file that the flags name.
    pub fn read(kind: Kind, args: &StageArgs) -> Fallible<Self> {
        let file = &args.config;
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let here = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let config = Nested::parse(&text).map_err(|error| here(&error))?;
        let mut asked =
            Self { kind, text, overrides: Vec::new(), before: None, start: Start::Fold, debug_rows: None };
        let mut limits = DEBUG
            .iter()
            .find(|(stage, ..)| *stage == kind)
            .map_or((20, 30), |(_, steps, rows)| (*steps, *rows));
        let mut debug = args.debug;
        if config.has_block(&BLOCKS) {
            let read = Read::new(kind, config).map_err(|error| here(&error))?;
            read.notices.iter().for_each(|notice| eprintln!("{}: {notice}", file.display()));
            asked.text = read.recipe.join("\n") + "\n" + &sets::of_stage(&read, kind, args)?;
            asked.before = read.values().text("model.sft_checkpoint")?.map(PathBuf::from);
            if read.values().switch("model.lora.continue")? == Some(true) {
                asked.start = Start::Continue;
            }
            debug |= read.values().switch("debug.enabled")? == Some(true);
            limits.0 = read.values().number("debug.max_steps")?.unwrap_or(limits.0);
            limits.1 = read.values().number("debug.max_samples")?.unwrap_or(limits.1);
        }
        asked.apply(args, debug.then_some(limits));
        Ok(asked)
    }

    fn apply(&mut self, args: &StageArgs, debug: Option<(u64, u64)>) {
        if let Some(before) = &args.sft_checkpoint {
            self.before = Some(before.clone());
        }
        if args.continue_adapter {
            self.start = Start::Continue;
        }
        if let Some((steps, rows)) = debug {
            self.set("max_steps", steps);
            self.debug_rows = Some(rows as usize);
        }
        if let Some(steps) = args.max_steps {
            self.set("max_steps", steps);
        }
        if let Some(folder) = &args.output_dir {
            self.set("output_dir", Value::from(folder.display().to_string()));
        }
        if let Some(reward) = args.reward_type {
            self.set("reward_funcs", reward.name());
        }
        self.overrides.extend(args.overrides.iter().cloned());
    }

    /// Replaces a setting.
    pub fn set(&mut self, key: &str, value: impl std::fmt::Display) {
        self.overrides.push(format!("{key}={value}"));
    }

    /// The recipe, checked; files that it names must be there.
    pub fn recipe(&self) -> Fallible<Recipe> {
        let here = std::env::current_dir()?;
        Ok(Recipe::parse(self.kind, &self.text, &here, &self.overrides)?)
    }
}
