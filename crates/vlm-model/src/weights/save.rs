//! A model back into a Hugging Face folder that transformers loads.

use super::error::CheckpointError;
use super::folder::{Checkpoint, Placed};
use super::numbers;
use crate::VlModel;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Tensor, TensorData};
use lora::{Base, Linears};
use safetensors::tensor::TensorView;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Files of a model folder that belong to a copy of it, beside the weights.
const COMPANIONS: [&str; 14] = [
    "config.json",
    "generation_config.json",
    "model.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "preprocessor_config.json",
    "video_preprocessor_config.json",
    "processor_config.json",
];

/// Why a folder cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The folder the model came from cannot be read any more.
    #[error(transparent)]
    Source(#[from] CheckpointError),
    /// The system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder has weights already.
    #[error("{path}: is there already; choose an empty folder", path = path.display())]
    Exists {
        /// The file that is there.
        path: PathBuf,
    },
    /// A tensor of the source has no counterpart in the model.
    #[error("{path}: tensor {name:?} is not part of the model; was the model loaded from this folder?", path = path.display())]
    Unknown {
        /// The source file.
        path: PathBuf,
        /// The tensor.
        name: String,
    },
    /// The model has adapters, which these files have no place for.
    #[error("{module} has an adapter, and a model folder holds none; merge or detach it first")]
    Adapted {
        /// The first such module.
        module: String,
    },
    /// The model's weights are in few bits, and these files hold whole numbers.
    #[error(
        "{module} holds its weight in few bits, which model folders have no place for; load the model without that"
    )]
    Packed {
        /// The first such module.
        module: String,
    },
    /// The tensors could not be written.
    #[error("{path}: {problem}", path = path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        problem: String,
    },
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Saved {
    /// The largest difference between a number of the model and what the files hold of it.
    pub rounding: f32,
}

/// Writes `model` to `to` as a copy of `from`, the folder it was loaded from, with the model's numbers: the same
/// files, tensor names and element types. Weight files are written under another name first and one at a time, so
/// that a file that is there is whole, and memory holds one of them.
pub fn save_folder(model: &VlModel, from: &Path, to: &Path) -> Result<Saved, SaveError> {
    refuse_unplaced(model)?;
    let source = Checkpoint::open(from)?;
    std::fs::create_dir_all(to).map_err(|source| SaveError::Io { path: to.to_owned(), source })?;
    let tensors = Tensors::of(model);
    let mut saved = Saved::default();
    for (path, placed) in source.layout() {
        let target = to.join(path.file_name().unwrap_or_default());
        if target.exists() {
            return Err(SaveError::Exists { path: target });
        }
        saved.rounding = saved.rounding.max(write_shard(&tensors, path, &placed, &target)?);
    }
    for name in COMPANIONS.into_iter().filter(|name| from.join(name).exists()) {
        let target = to.join(name);
        std::fs::copy(from.join(name), &target).map_err(|source| SaveError::Io { path: target, source })?;
    }
    Ok(saved)
}

fn refuse_unplaced(model: &VlModel) -> Result<(), SaveError> {
    let mut refused = None;
    model.clone().visit_linears(&mut |name, linear| {
        let module = name.to_owned();
        if linear.adapter.is_some() {
            refused.get_or_insert(SaveError::Adapted { module });
        } else if matches!(linear.weight, Base::Packed(_)) {
            refused.get_or_insert(SaveError::Packed { module });
        }
    });
    refused.map_or(Ok(()), Err)
}

fn write_shard(tensors: &Tensors, from: &Path, placed: &[Placed], target: &Path) -> Result<f32, SaveError> {
    let mut bytes = Vec::with_capacity(placed.len());
    let mut rounding = 0.0f32;
    for tensor in placed {
        let data = tensors
            .read(tensor.published)
            .ok_or_else(|| SaveError::Unknown { path: from.to_owned(), name: tensor.published.to_owned() })?;
        let data = data.convert_dtype(DType::F32);
        let written = numbers::to_bytes(tensor.dtype(), data.iter::<f32>());
        rounding = rounding.max(numbers::distance(tensor.dtype(), &written, data.iter::<f32>()));
        bytes.push(written);
    }
    let failed = |error: safetensors::SafeTensorError| SaveError::Weights {
        path: target.to_owned(),
        problem: error.to_string(),
    };
    let views = placed
        .iter()
        .zip(&bytes)
        .map(|(tensor, bytes)| {
            Ok((tensor.name(), TensorView::new(tensor.dtype(), tensor.shape().to_vec(), bytes)?))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    // transformers reads the kind of framework from the metadata.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let scratch = target.with_extension("safetensors.part");
    let io = |source| SaveError::Io { path: target.to_owned(), source };
    // What the library puts in the place of the file, nobody else may read.
    let usual = File::create(&scratch).and_then(|file| file.metadata()).map_err(io)?.permissions();
    safetensors::serialize_to_file(views, Some(metadata), &scratch).map_err(failed)?;
    std::fs::set_permissions(&scratch, usual).map_err(io)?;
    std::fs::rename(&scratch, target).map_err(io)?;
    Ok(rounding)
}

/// Every tensor of a model under its published name, which is its path in the module tree; read when asked for.
struct Tensors {
    path: Vec<String>,
    found: BTreeMap<String, Box<dyn Fn() -> TensorData>>,
}

impl Tensors {
    fn of(model: &VlModel) -> Self {
        let mut tensors = Self { path: Vec::new(), found: BTreeMap::new() };
        model.visit(&mut tensors);
        tensors
    }

    /// The numbers of a tensor. A tied head that the files hold all the same is the embedding table.
    fn read(&self, name: &str) -> Option<TensorData> {
        let tied = || self.found.get("model.embed_tokens.weight").filter(|_| name == "lm_head.weight");
        self.found.get(name).or_else(tied).map(|read| read())
    }
}

impl ModuleVisitor for Tensors {
    fn enter_module(&mut self, name: &str, container: &str) {
        // The variant of an enum is no part of the name.
        self.path.push(if container.starts_with("Enum:") { String::new() } else { name.into() });
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let parts: Vec<&str> = self.path.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        // The files count the activation between the merger's two layers.
        let name = parts.join(".").replace("visual.merger.mlp.1.", "visual.merger.mlp.2.");
        let tensor = param.val();
        self.found.insert(name, Box::new(move || tensor.clone().into_data()));
    }
}
