//! Adapters from folders, and merged into folders.

use crate::weights::{Precision, SaveError, save_folder};
use crate::{LoadError, VlModel};
use burn::tensor::Device;
use lora::peft::{self, Loaded, PeftError};
use std::path::Path;

/// Why an adapter cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The model cannot be loaded.
    #[error(transparent)]
    Model(#[from] LoadError),
    /// The adapter cannot be loaded.
    #[error(transparent)]
    Adapter(#[from] PeftError),
    /// The merged folder cannot be written.
    #[error(transparent)]
    Save(#[from] SaveError),
}

/// What a merge did.
#[derive(Clone, Debug)]
pub struct MergeReport {
    /// Modules whose weights changed.
    pub modules: Vec<String>,
    /// The largest difference that taking the adapter out of the weights again would leave, in 32-bit floats.
    pub error: f64,
    /// The largest difference between a merged number and what the files hold of it.
    pub rounding: f32,
}

impl VlModel {
    /// Attaches the adapter of a PEFT folder.
    pub fn load_adapter(&mut self, dir: &Path) -> Result<Loaded, PeftError> {
        peft::load(self, dir)
    }
}

/// Merges the adapter of a PEFT folder into the model of a Hugging Face folder and writes a complete folder: the same
/// files, names and element types.
pub fn merge_folder(model: &Path, adapter: &Path, to: &Path) -> Result<MergeReport, MergeError> {
    let mut network = VlModel::from_dir(model, &Device::flex(), Precision::F32)?;
    network.load_adapter(adapter)?;
    let merged = lora::merge(&mut network);
    let saved = save_folder(&network, model, to)?;
    let modules = merged.modules().map(ToOwned::to_owned).collect();
    Ok(MergeReport { modules, error: merged.error, rounding: saved.rounding })
}
