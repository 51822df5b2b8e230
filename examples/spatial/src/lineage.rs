//! What the folder of a stage says of its model, and how the next stage starts from it.

use crate::args::MergeArgs;
use crate::config::Start;
use command_line::{Outcome, progress};
use recipe::{Recipe, Tuning};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file that names a stage's model.
const FILE: &str = "stage.json";
/// Files of a finished stage that trained an adapter.
const ADAPTER: [&str; 2] = ["adapter_config.json", "adapter_model.safetensors"];
/// Where a finished stage without adapters puts its model.
const DENSE: &str = "model";

/// Where a stage stands in the chain that began with a published model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// The published model.
    pub origin: PathBuf,
    /// Digest of its configuration and tokenizer.
    pub digest: String,
    /// The model that the stage's adapter belongs to: the published one, or what earlier stages made of it.
    pub base: PathBuf,
}

/// Why a stage cannot start from a folder.
#[derive(Debug, thiserror::Error)]
pub enum LineageError {
    /// Nothing there to start from.
    #[error(
        "--sft_checkpoint {before}: found neither adapter_config.json nor config.json, expected the folder of a finished stage or \
         of a model", before = before.display()
    )]
    Nothing {
        /// The folder.
        before: PathBuf,
    },
    /// Another model.
    #[error(
        "--sft_checkpoint {before}: found a stage that began with {found}, expected {expected}; name that model in the configuration, or \
         give --allow_base_mismatch", before = before.display(), found = found.display(), expected = expected.display()
    )]
    OtherModel {
        /// The stage before.
        before: PathBuf,
        /// Its model.
        found: PathBuf,
        /// The configuration's.
        expected: PathBuf,
    },
    /// Dense weights cannot be continued as an adapter.
    #[error(
        "--sft_checkpoint {before}: found a model without an adapter, expected an adapter to go on with; leave --continue_adapter out",
        before = before.display()
    )]
    NoAdapter {
        /// The folder.
        before: PathBuf,
    },
    /// A file that cannot be read.
    #[error("{path}: {problem}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// Whether a stage may start from one that began with another model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It may not.
    Refuse,
    /// The user said so.
    Allow,
}

impl Lineage {
    /// A chain that begins with the model of a recipe.
    pub fn first(model: &Path) -> Result<Self, LineageError> {
        Ok(Self { origin: model.to_owned(), digest: digest(model)?, base: model.to_owned() })
    }

    /// Changes `recipe` so that it starts from the folder of the stage before, and gives the chain.
    pub fn after(
        before: &Path,
        start: Start,
        mismatch: Mismatch,
        recipe: &mut Recipe,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let model = recipe.model.model_name_or_path.clone();
        let lineage = match read(before)? {
            Some(lineage) => lineage,
            None => Self::first(&model)?,
        };
        if mismatch == Mismatch::Refuse
            && model.join("config.json").is_file()
            && digest(&model)? != lineage.digest
        {
            let (before, found) = (before.to_owned(), lineage.origin);
            return Err(LineageError::OtherModel { before, found, expected: model }.into());
        }
        if !before.join(ADAPTER[0]).is_file() {
            let dense = [before.join(DENSE), before.to_owned()]
                .into_iter()
                .find(|folder| folder.join("config.json").is_file());
            let dense = dense.ok_or_else(|| LineageError::Nothing { before: before.to_owned() })?;
            return match start {
                Start::Continue => Err(LineageError::NoAdapter { before: before.to_owned() }.into()),
                Start::Fold => Ok(lineage.with_base(dense, recipe)),
            };
        }
        match (start, &mut recipe.tuning) {
            (Start::Continue, Tuning::Adapter(lora)) => {
                lora.adapter = Some(before.to_owned());
                let base = lineage.base.clone();
                Ok(lineage.with_base(base, recipe))
            }
            _ => {
                let weights = before.join(ADAPTER[1]);
                let bytes = std::fs::read(&weights);
                let bytes = bytes
                    .map_err(|error| LineageError::File { path: weights, problem: error.to_string() })?;
                // Named by what was folded in: a stage that is run again with another adapter gets another model.
                let name = format!("base-{}", &checkpoint::digest(&bytes)[..8]);
                let folded = recipe.run.output_dir.join(name);
                fold(&lineage.base, before, &folded)?;
                Ok(lineage.with_base(folded, recipe))
            }
        }
    }

    fn with_base(self, base: PathBuf, recipe: &mut Recipe) -> Self {
        recipe.model.model_name_or_path.clone_from(&base);
        Self { base, ..self }
    }

    /// Writes the files of a finished stage: the adapter of its last checkpoint, or nothing but the chain.
    pub fn finish(&self, out: &Path, checkpoint: &Path) -> Outcome {
        for name in ADAPTER {
            if let Ok(bytes) = std::fs::read(checkpoint.join(name)) {
                command_line::replace_file(&out.join(name), &bytes)?;
            }
        }
        let text = serde_json::to_vec_pretty(self)?;
        Ok(command_line::replace_file(&out.join(FILE), &text)?)
    }

    /// Where a stage without adapters leaves its model.
    pub fn dense(out: &Path) -> PathBuf {
        out.join(DENSE)
    }
}

/// The chain that a finished stage wrote.
fn read(before: &Path) -> Result<Option<Lineage>, LineageError> {
    let path = before.join(FILE);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| LineageError::File { path, problem: error.to_string() }),
        Err(_) => Ok(None),
    }
}

/// Folds an adapter into its model, once: a folder that is there is whole, because it gets its name last.
fn fold(base: &Path, adapter: &Path, to: &Path) -> Outcome {
    if to.is_dir() {
        return Ok(());
    }
    let spinner = progress::spinner("folding the adapter of the stage before into its model");
    let mut scratch = to.as_os_str().to_owned();
    scratch.push(".part");
    let scratch = PathBuf::from(scratch);
    if scratch.is_dir() {
        std::fs::remove_dir_all(&scratch)?;
    }
    std::fs::create_dir_all(&scratch)?;
    vlm_model::merge_folder(base, adapter, &scratch)?;
    std::fs::rename(&scratch, to)?;
    spinner.finish_and_clear();
    Ok(())
}

fn digest(model: &Path) -> Result<String, LineageError> {
    let mut bytes = Vec::new();
    for name in ["config.json", "tokenizer.json"] {
        let path = model.join(name);
        let expected = "expected a model folder as Hugging Face publishes it; nothing is downloaded here";
        let read = std::fs::read(&path);
        bytes.extend(
            read.map_err(|error| LineageError::File { path, problem: format!("{error}, {expected}") })?,
        );
    }
    Ok(checkpoint::digest(&bytes))
}

/// `spatial merge`.
pub fn merge(args: &MergeArgs) -> Outcome {
    let spinner = progress::spinner("merging");
    let report = vlm_model::merge_folder(&args.model_path, &args.adapter_path, &args.out)?;
    spinner.finish_and_clear();
    eprintln!("folded {} modules into {}", report.modules.len(), args.out.display());
    Ok(())
}
