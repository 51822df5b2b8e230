//! From files and flags to a recipe, and to what is no recipe's matter.

use crate::args::TrainArgs;
use crate::extras::Extras;
use crate::published::{self, BLOCKS, Published};
use crate::sets;
use datasets::toy::ToySettings;
use recipe::{Kind, Nested, Recipe};
use std::path::{Path, PathBuf};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// How a base model is asked: a conversation in plain text, the picture behind the question.
const BASE_PROMPT: &str = include_str!("../recipes/base.jinja");

/// A run as it was asked for.
pub struct Config {
    kind: Kind,
    /// Settings of the recipe, as YAML.
    text: String,
    /// Those that replace them.
    overrides: Vec<String>,
    /// Folder that relative paths count from.
    home: PathBuf,
    /// What is no recipe's matter.
    pub extras: Extras,
}

impl Config {
    /// A recipe in flat form, with what replaces its settings.
    pub fn flat(kind: Kind, text: &str, home: &Path, overrides: &[String]) -> Fallible<Self> {
        let mut config = Self {
            kind,
            text: text.to_owned(),
            overrides: Vec::new(),
            home: home.to_owned(),
            extras: Extras::default(),
        };
        config.replace(overrides)?;
        Ok(config)
    }

    /// What the flags of `train` and `sft` ask for.
    pub fn read(kind: Kind, args: &TrainArgs) -> Fallible<Self> {
        let (toy, given): (Vec<String>, Vec<String>) =
            args.overrides.iter().cloned().partition(|setting| setting.starts_with("toy."));
        let named = match args.data {
            Some(data) => sets::overrides(data, &toy_settings(args, &toy)?)?,
            None if toy.is_empty() => Vec::new(),
            None => return Err(format!("{}: says how `--data toy` draws; give that flag too", toy[0]).into()),
        };
        let model = args.model.map(|model| format!("model_name_or_path={}", sets::folder_of(model)));
        let overrides: Vec<String> = named.into_iter().chain(model).chain(given).collect();
        match (&args.config, args.data) {
            (Some(file), _) => Self::of_file(kind, file, &overrides),
            (None, Some(data)) => {
                Self::flat(kind, sets::recipe_of(data, kind), &std::env::current_dir()?, &overrides)
            }
            (None, None) => Err("expected --config FILE or --data NAME".into()),
        }
    }

    /// A file in flat or nested form.
    pub fn of_file(kind: Kind, file: &Path, overrides: &[String]) -> Fallible<Self> {
        let text = read(file)?;
        let here = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let home = std::env::current_dir()?;
        let mut nested = Nested::parse(&text).map_err(|error| here(&error))?;
        if !nested.has_block(&BLOCKS) {
            return Self::flat(kind, &text, &home, overrides);
        }
        let known = published::keys();
        let mut flat = Vec::new();
        for setting in overrides {
            match setting.split_once('=') {
                Some((key, value)) if known.contains(&key) => nested.set(key, value)?,
                _ => flat.push(setting.clone()),
            }
        }
        let published = Published::read(kind, &nested).map_err(|error| here(&error))?;
        published.notices.iter().for_each(|notice| eprintln!("{}: {notice}", file.display()));
        let mut config = Self::flat(kind, &(published.recipe.join("\n") + "\n"), &home, &flat)?;
        config.extras = published.extras;
        if published.base_prompt {
            let template = file.with_file_name("base-prompt.jinja");
            command_line::replace_file(&template, BASE_PROMPT.as_bytes())?;
            config.overrides.push(format!("chat_template_path={}", template.display()));
        }
        Ok(config)
    }

    fn replace(&mut self, settings: &[String]) -> Fallible<()> {
        for setting in settings {
            let ours = match setting.split_once('=') {
                Some((key, value)) => self.extras.set(key, value)?,
                None => false,
            };
            if !ours {
                self.overrides.push(setting.clone());
            }
        }
        Ok(())
    }

    /// The recipe, checked.
    pub fn recipe(&self) -> Fallible<Recipe> {
        Ok(Recipe::parse(self.kind, &self.text, &self.home, &self.overrides)?)
    }
}

/// How toy problems are drawn: the configuration, and what replaces its settings.
fn toy_settings(args: &TrainArgs, replaced: &[String]) -> Fallible<ToySettings> {
    let mut config = match &args.config {
        Some(file) => Nested::parse(&read(file)?)?,
        None => Nested::default(),
    };
    for (key, value) in replaced.iter().filter_map(|setting| setting.split_once('=')) {
        config.set(key, value)?;
    }
    Ok(sets::toy_of(&config)?)
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}
