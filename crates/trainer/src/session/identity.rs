//! What must be the same for a run to go on.

use super::inputs::inputs;
use super::{RunDirError, SessionError};
use checkpoint::{Loaded, StepMeta};
use recipe::{Kind, OnChangedInput, Recipe};
use std::collections::BTreeMap;
use std::path::Path;
use vlm_model::Precision;

/// Where and how often a run writes, and what it goes on from, is free.
const FREE: [&str; 9] = [
    "output_dir",
    "logging_steps",
    "save_steps",
    "save_total_limit",
    "eval_steps",
    "eval_num_samples",
    "resume_from_checkpoint",
    "on_changed_input",
    "log_completions",
];

/// The settings of a run, and what it reads.
pub struct Identity {
    kind: Kind,
    settings: String,
    on_changed_input: OnChangedInput,
    meta: StepMeta,
}

impl Identity {
    /// Looks at all files that the recipe names; frozen weights are of this precision.
    pub fn of(recipe: &Recipe, precision: Precision) -> Result<Self, SessionError> {
        let settings = kept(&recipe.to_yaml());
        let mut identities = inputs(recipe)?;
        identities.insert("--dtype".to_owned(), precision.name().to_owned());
        let meta = StepMeta {
            config_hash: checkpoint::digest(settings.as_bytes()),
            seed: recipe.run.seed,
            identities,
            ..StepMeta::default()
        };
        Ok(Self { kind: recipe.kind(), settings, on_changed_input: recipe.run.on_changed_input, meta })
    }

    /// What is kept of it in every checkpoint.
    pub fn meta(&self) -> &StepMeta {
        &self.meta
    }

    /// Whether a checkpoint of the run in `dir` is one of this run. What the user wants to pass over is a notice.
    pub fn check(&self, dir: &Path, loaded: &Loaded) -> Result<Vec<String>, RunDirError> {
        let path = loaded.path().to_owned();
        if loaded.meta().config_hash != self.meta.config_hash {
            let written = std::fs::read_to_string(dir.join(super::RECIPE)).unwrap_or_default();
            let differences = self.differences(&written, &loaded.meta().config_hash);
            return Err(RunDirError::OtherSettings { path, differences });
        }
        let mut notices = Vec::new();
        for (input, now) in &self.meta.identities {
            // Checkpoints of earlier versions do not say what they were made from.
            let Some(then) = loaded.meta().identities.get(input).filter(|then| *then != now) else {
                continue;
            };
            let (input, then, now) = (input.clone(), then.clone(), now.clone());
            match self.on_changed_input {
                OnChangedInput::Stop => return Err(RunDirError::ChangedInput { path, input, then, now }),
                OnChangedInput::GoOn => {
                    notices
                        .push(format!("{input}: has changed, from {then} to {now}; going on all the same"));
                }
            }
        }
        Ok(notices)
    }

    /// The keys that have another value than in the recipe of the checkpoint, which is `written` if that has this digest.
    fn differences(&self, written: &str, digest: &str) -> String {
        let theirs = kept(written);
        if checkpoint::digest(theirs.as_bytes()) != digest {
            return "the config.yaml beside it is of another run".to_owned();
        }
        let is_of = |kind: &Kind| Recipe::parse(*kind, written, Path::new("/"), &[]).is_ok();
        match Kind::ALL.into_iter().find(is_of) {
            Some(kind) if kind != self.kind => format!("found a run of {}, expected {kind}", self.kind),
            _ => differing(&by_key(&self.settings), &by_key(&theirs)),
        }
    }
}

/// The lines of a written recipe but for those of free keys.
fn kept(yaml: &str) -> String {
    let is_kept = |line: &&str| !FREE.iter().any(|key| line.starts_with(&format!("{key}:")));
    yaml.lines().filter(is_kept).collect::<Vec<_>>().join("\n")
}

/// Values of a written recipe by key; a list of mappings stands in the lines below its key.
fn by_key(yaml: &str) -> BTreeMap<&str, String> {
    let mut values: BTreeMap<&str, String> = BTreeMap::new();
    let mut last = "";
    for line in yaml.lines() {
        match line.split_once(':').filter(|_| !line.starts_with(' ')) {
            Some((key, value)) => {
                last = key;
                values.insert(key, value.trim().to_owned());
            }
            None => values.entry(last).or_default().push_str(&format!(" {}", line.trim())),
        }
    }
    values
}

fn differing(found: &BTreeMap<&str, String>, expected: &BTreeMap<&str, String>) -> String {
    let value = |values: &BTreeMap<&str, String>, key: &str| {
        values.get(key).map_or("nothing", |value| value.trim()).to_owned()
    };
    let mut keys: Vec<&str> = found.keys().chain(expected.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    let differs = |key: &&str| found.get(key) != expected.get(key);
    let said = keys
        .into_iter()
        .filter(differs)
        .map(|key| format!("`{key}`: found {}, expected {}", value(found, key), value(expected, key)));
    said.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_differs_is_named_with_both_values() {
        let one = by_key("max_steps: 3\nlora_r: 4\ndatasets:\n  - {path: /a}\n  - {path: /b}\n");
        let other = by_key("num_train_epochs: 3.0\nlora_r: 4\ndatasets:\n  - {path: /a}\n");
        assert_eq!(
            differing(&one, &other),
            "`datasets`: found - {path: /a} - {path: /b}, expected - {path: /a}; `max_steps`: found 3, expected nothing; \
             `num_train_epochs`: found nothing, expected 3.0"
        );
    }
}
