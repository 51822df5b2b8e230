//! The plainest way to keep weights: every trainable parameter by its name.

use super::files::{FileError, Files};
use super::freezing::train_only;
use super::method::{Failure, Weights};
use super::parameters::{ParameterError, reshaped, restore, trainable};
use burn::module::Module;
use burn::tensor::TensorData;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const FILE: &str = "trained.safetensors";

/// All trainable parameters of any module in `trained.safetensors`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrainedWeights;

/// Why the weights of a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrainedError {
    /// The file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file holds no tensors.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FileError,
    },
    /// They belong to another model.
    #[error("{path}: {source}", path = path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        source: ParameterError,
    },
}

impl TrainedWeights {
    /// Whether a checkpoint holds weights of this kind.
    pub fn are_in(checkpoint: &Path) -> bool {
        checkpoint.join(FILE).is_file()
    }

    /// The weights of a checkpoint, put into the module that its run started from. Nothing of it is trainable then.
    pub fn put_into<M: Module>(module: M, checkpoint: &Path) -> Result<M, TrainedError> {
        let path = checkpoint.join(FILE);
        let mut files = Files::default();
        match std::fs::read(&path) {
            Ok(bytes) => files.insert(FILE, bytes),
            Err(source) => return Err(TrainedError::Read { path, source }),
        }
        let stored =
            files.tensors(FILE).map_err(|source| TrainedError::File { path: path.clone(), source })?;
        let module = train_only(module, |name| stored.contains_key(name));
        let module = restore(module, stored).map_err(|source| TrainedError::Other { path, source })?;
        Ok(train_only(module, |_| false))
    }
}

impl<M: Module> Weights<M> for TrainedWeights {
    fn save(&self, model: &M) -> Result<Files, Failure> {
        let tensors: BTreeMap<String, TensorData> = trainable(model)
            .into_iter()
            .map(|parameter| (parameter.name, reshaped(parameter.value.into_data(), parameter.shape)))
            .collect();
        let mut files = Files::default();
        files.insert_tensors(FILE, &tensors)?;
        Ok(files)
    }

    fn load(&self, model: M, files: &Files) -> Result<M, Failure> {
        Ok(restore(model, files.tensors(FILE)?)?)
    }
}
