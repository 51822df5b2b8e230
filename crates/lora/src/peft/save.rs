//! The adapter of a model as files.

use super::names::{self, Role};
use super::settings::{self, Settings};
use super::{CONFIG, PeftError, WEIGHTS, shapes};
use crate::targets::{is_vision, last_part, spellings};
use crate::{Adapter, Linear, Linears, LoraConfig, LowRank, Targets, Vision};
use burn::module::Param;
use burn::tensor::{DType, Tensor};
use safetensors::tensor::{Dtype, TensorView};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// The bytes of the two files of an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterFiles {
    /// `adapter_config.json`.
    pub config: Vec<u8>,
    /// `adapter_model.safetensors`.
    pub weights: Vec<u8>,
}

impl AdapterFiles {
    /// Writes both files into a folder, which is made when it is not there. The weights come last, and each file is
    /// written under another name first: a folder with weights is whole.
    pub fn write(&self, dir: &Path) -> Result<(), PeftError> {
        let failed = |path: &Path, source| PeftError::Io { path: path.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(|source| failed(dir, source))?;
        for (name, bytes) in [(CONFIG, &self.config), (WEIGHTS, &self.weights)] {
            let (path, part) = (dir.join(name), dir.join(format!("{name}.part")));
            std::fs::write(&part, bytes).map_err(|source| failed(&part, source))?;
            std::fs::rename(&part, &path).map_err(|source| failed(&path, source))?;
        }
        Ok(())
    }
}

/// The adapter of a model in PEFT's format: names as current versions write them, 32-bit floats, one byte string for one
/// state. `base_model` is the name or path of the model that it belongs to.
pub fn save<M: Linears>(model: &mut M, base_model: &str) -> Result<AdapterFiles, PeftError> {
    let mut saving = Saving::default();
    model.visit_linears(&mut |name, linear| saving.linear(name, linear));
    let (targets, excluded) = saving.targets();
    let config = LoraConfig { targets, ..saving.config()? };
    let settings = Settings { config, excluded, base_model: Some(base_model.to_owned()) };
    Ok(AdapterFiles { config: settings::render(&settings), weights: saving.weights()? })
}

#[derive(Default)]
struct Saving {
    /// All maps, and whether each has a low-rank adapter.
    modules: Vec<(String, bool)>,
    copies: Vec<String>,
    /// The settings of each adapter.
    low: Vec<(String, LoraConfig)>,
    tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)>,
}

impl Saving {
    fn linear(&mut self, name: &str, linear: &Linear) {
        self.modules.push((name.to_owned(), matches!(linear.adapter, Some(Adapter::LowRank(_)))));
        match &linear.adapter {
            None => {}
            Some(Adapter::FullCopy(copy)) => {
                self.copies.push(name.to_owned());
                self.tensor(name, Role::Weight, shapes::stored(Role::Weight, linear, 0), &copy.weight);
                if let Some(bias) = &copy.bias {
                    self.tensor(name, Role::Bias, shapes::stored(Role::Bias, linear, 0), bias);
                }
            }
            Some(Adapter::LowRank(low)) => {
                let shape = |role| shapes::stored(role, linear, low.rank());
                self.tensor(name, Role::A, shape(Role::A), &low.a);
                self.tensor(name, Role::B, shape(Role::B), &low.b);
                if let Some(magnitude) = &low.magnitude {
                    self.tensor(name, Role::Magnitude, shape(Role::Magnitude), &magnitude.lengths);
                }
                self.low.push((name.to_owned(), settings_of(low)));
            }
        }
    }

    fn tensor<const D: usize>(
        &mut self,
        name: &str,
        role: Role,
        shape: Vec<usize>,
        param: &Param<Tensor<D>>,
    ) {
        let data = param.val().into_data().convert_dtype(DType::F32);
        let bytes = data.iter::<f32>().flat_map(f32::to_le_bytes).collect();
        self.tensors.insert(names::written(name, role), (shape, bytes));
    }

    /// The settings that most adapters have, and the others by name.
    fn config(&self) -> Result<LoraConfig, PeftError> {
        if self.low.is_empty() && self.copies.is_empty() {
            return Err(PeftError::Nothing);
        }
        let first = self.low.first().map(|(_, config)| config.clone()).unwrap_or_default();
        let r = most_common(self.low.iter().map(|(_, config)| config.r as u64)).unwrap_or(first.r as u64)
            as usize;
        let alpha =
            most_common(self.low.iter().map(|(_, config)| config.alpha.to_bits())).map(f64::from_bits);
        let alpha = alpha.unwrap_or(first.alpha);
        let spelled = |name: &str| spellings(name)[1].clone();
        let ranks = self.low.iter().filter(|(_, config)| config.r != r);
        let alphas = self.low.iter().filter(|(_, config)| config.alpha != alpha);
        Ok(LoraConfig {
            r,
            alpha,
            rank_pattern: ranks.map(|(name, config)| (spelled(name), config.r)).collect(),
            alpha_pattern: alphas.map(|(name, config)| (spelled(name), config.alpha)).collect(),
            modules_to_save: self.copies.iter().map(|name| spellings(name)[1].clone()).collect(),
            vision: Vision::Included,
            ..first
        })
    }

    /// `target_modules` and `exclude_modules` that mean exactly the adapted maps to PEFT: short endings where they do,
    /// whole names where they do not.
    fn targets(&self) -> (Targets, Targets) {
        let adapted = || self.modules.iter().filter(|(_, on)| *on).map(|(name, _)| name.as_str());
        let endings: BTreeSet<&str> = adapted().map(last_part).collect();
        let vision = adapted().any(is_vision);
        let meant = |name: &str| {
            endings.contains(last_part(name))
                && (vision || !is_vision(name))
                && !self.copies.iter().any(|copy| copy == name)
        };
        let exact = self.modules.iter().all(|(name, on)| *on == meant(name));
        // An ending that is a number would mean whole layers.
        let endings_are_names = endings.iter().all(|ending| ending.parse::<u64>().is_err());
        let nothing = || Targets::Names(Vec::new());
        if exact && endings_are_names {
            let names = Targets::Names(endings.into_iter().map(ToOwned::to_owned).collect());
            return (names, if vision { nothing() } else { Targets::Pattern(".*visual.*".to_owned()) });
        }
        (Targets::Names(adapted().map(|name| spellings(name)[1].clone()).collect()), nothing())
    }

    fn weights(&self) -> Result<Vec<u8>, PeftError> {
        let failed = |error: safetensors::SafeTensorError| PeftError::Encode { problem: error.to_string() };
        let views: Vec<(&str, TensorView)> = self
            .tensors
            .iter()
            .map(|(name, (shape, bytes))| {
                Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes)?))
            })
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        // PEFT reads the kind of framework from the metadata.
        let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        safetensors::serialize(views, Some(metadata)).map_err(failed)
    }
}

/// The settings that one adapter speaks for.
fn settings_of(low: &LowRank) -> LoraConfig {
    LoraConfig {
        r: low.rank(),
        alpha: low.alpha,
        dropout: low.dropout.probability(),
        variant: low.variant,
        ..LoraConfig::default()
    }
}

/// The value that comes most often, the smaller of two that come equally often.
fn most_common(values: impl Iterator<Item = u64>) -> Option<u64> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_insert(0) += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(value, count)| (*count, std::cmp::Reverse(*value)))
        .map(|(value, _)| value)
}
