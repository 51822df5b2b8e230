//! Adapters as PEFT keeps them.

use super::SessionError;
use super::tune;
use crate::engine::{Failure, Files, Weights, train_only};
use lora::peft::{self, AdapterFiles};
use recipe::LoraSettings;
use std::path::{Path, PathBuf};
use vlm_model::VlModel;

/// The adapter of a model in `adapter_config.json` and `adapter_model.safetensors`.
pub struct AdapterWeights {
    base: PathBuf,
}

impl AdapterWeights {
    /// Gives `model` the adapter that the recipe goes on with, or a fresh one.
    pub fn prepare(
        mut model: VlModel,
        asked: &LoraSettings,
        base: &Path,
        seed: u64,
    ) -> Result<(VlModel, Self), SessionError> {
        match &asked.adapter {
            Some(dir) => {
                peft::load(&mut model, dir)?;
            }
            None => {
                tune::attach(&mut model, asked, seed)?;
            }
        }
        Ok((train_adapters(model), Self { base: base.to_owned() }))
    }
}

/// Switches gradients on for adapters, and off for all else.
fn train_adapters(model: VlModel) -> VlModel {
    train_only(model, |name| name.split('.').any(|part| part == "adapter"))
}

impl Weights<VlModel> for AdapterWeights {
    fn save(&self, model: &VlModel) -> Result<Files, Failure> {
        // Saving walks over the maps, which only a model of one's own allows; handles are cheap to copy.
        let AdapterFiles { config, weights } =
            peft::save(&mut model.clone(), &self.base.display().to_string())?;
        let mut files = Files::default();
        files.insert(peft::CONFIG, config);
        files.insert(peft::WEIGHTS, weights);
        Ok(files)
    }

    fn load(&self, mut model: VlModel, files: &Files) -> Result<VlModel, Failure> {
        let adapter = AdapterFiles {
            config: files.get(peft::CONFIG)?.to_vec(),
            weights: files.get(peft::WEIGHTS)?.to_vec(),
        };
        lora::detach(&mut model);
        peft::load_files(&mut model, &adapter)?;
        Ok(train_adapters(model))
    }
}
