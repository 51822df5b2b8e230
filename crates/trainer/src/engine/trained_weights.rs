//! The plainest way to keep weights: every trainable parameter by its name.

use super::files::Files;
use super::method::{Failure, Weights};
use super::parameters::{reshaped, restore, trainable};
use burn::module::Module;
use burn::tensor::TensorData;
use std::collections::BTreeMap;

const FILE: &str = "trained.safetensors";

/// All trainable parameters of any module in `trained.safetensors`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrainedWeights;

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
