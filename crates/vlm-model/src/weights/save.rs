//! A model back into a Hugging Face folder that transformers loads.

use crate::VlModel;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Tensor, TensorData};
use safetensors::tensor::{Dtype, TensorView};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Files of a model folder that belong to a copy of it, beside the weights.
const COMPANIONS: [&str; 12] = [
    "generation_config.json",
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
    /// The tensors could not be written.
    #[error("{path}: {problem}", path = path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        problem: String,
    },
}

/// Writes `model` to `to` as one f32 safetensors file under the published names, with configuration, tokenizer
/// and processor files copied from `from`, the folder the model was loaded from. The weights come last and
/// under another name first, so that a folder with `model.safetensors` is whole.
pub fn save_folder(model: &VlModel, from: &Path, to: &Path) -> Result<(), SaveError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| SaveError::Io { path, source }
    };
    std::fs::create_dir_all(to).map_err(io(to))?;
    let target = to.join("model.safetensors");
    if target.exists() {
        return Err(SaveError::Exists { path: target });
    }
    write_config(&from.join("config.json"), &to.join("config.json"))?;
    for name in COMPANIONS {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).map_err(io(&to.join(name)))?;
        }
    }
    let scratch = to.join("model.safetensors.part");
    write_weights(model, &scratch)?;
    std::fs::rename(&scratch, &target).map_err(io(&target))
}

/// Copies the configuration; it must say that the weights are f32 now.
fn write_config(from: &Path, to: &Path) -> Result<(), SaveError> {
    let failed = |path: &Path, source| SaveError::Io { path: path.to_owned(), source };
    let text = std::fs::read(from).map_err(|source| failed(from, source))?;
    let mut json: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| failed(from, error.into()))?;
    set_dtype(&mut json);
    let text = serde_json::to_vec_pretty(&json).map_err(|error| failed(to, error.into()))?;
    std::fs::write(to, text).map_err(|source| failed(to, source))
}

fn set_dtype(json: &mut serde_json::Value) {
    let Some(object) = json.as_object_mut() else { return };
    for key in ["dtype", "torch_dtype"] {
        if let Some(value) = object.get_mut(key) {
            *value = "float32".into();
        }
    }
    for key in ["text_config", "vision_config"] {
        if let Some(inner) = object.get_mut(key) {
            set_dtype(inner);
        }
    }
}

fn write_weights(model: &VlModel, path: &Path) -> Result<(), SaveError> {
    let config = &model.config().vision;
    let side = config.patch_size;
    let mut collected = Collected {
        path: Vec::new(),
        tensors: Vec::new(),
        kernel: vec![config.hidden_size, config.in_channels, config.temporal_patch_size, side, side],
    };
    model.visit(&mut collected);
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = collected
        .tensors
        .into_iter()
        .map(|(name, shape, data)| (name, shape, data.iter::<f32>().flat_map(f32::to_le_bytes).collect()))
        .collect();
    let failed =
        |error: safetensors::SafeTensorError| SaveError::Weights { path: path.into(), problem: error.to_string() };
    let views = bytes
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    // transformers reads the kind of framework from the metadata.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize_to_file(views, Some(metadata), path).map_err(failed)
}

/// Every tensor of a model under its published name, which is its path in the module tree.
struct Collected {
    path: Vec<String>,
    tensors: Vec<(String, Vec<usize>, TensorData)>,
    kernel: Vec<usize>,
}

impl ModuleVisitor for Collected {
    fn enter_module(&mut self, name: &str, container: &str) {
        // The variant of an enum is no part of the name.
        self.path.push(if container.starts_with("Enum:") { String::new() } else { name.into() });
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let parts: Vec<&str> = self.path.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        // The activation between the merger's two layers is counted in the files.
        let name = parts.join(".").replace("visual.merger.mlp.1.", "visual.merger.mlp.2.");
        let tensor = param.val();
        let shape = if name == "visual.patch_embed.proj.weight" {
            self.kernel.clone()
        } else {
            tensor.dims().to_vec()
        };
        self.tensors.push((name, shape, tensor.into_data().convert_dtype(DType::F32)));
    }
}
