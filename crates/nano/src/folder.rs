//! A model folder, file by file.

use crate::sizes::Sizes;
use crate::tokenizer::{TEMPLATE, Tokenizer};
use crate::weights::random;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A model to be made: its sizes, the texts that its tokenizer is learned from, the seed of its weights.
#[derive(Clone, Copy, Debug)]
pub struct Folder<'a> {
    /// How large it is.
    pub sizes: Sizes,
    /// What its tokenizer should write in few tokens.
    pub texts: &'a [&'a str],
    /// Key of every weight.
    pub seed: u64,
}

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}", path = path.display())]
pub struct WriteError {
    path: PathBuf,
    problem: String,
}

impl Folder<'_> {
    /// Writes the folder; files that are there are replaced.
    pub fn write(&self, dir: &Path) -> Result<(), WriteError> {
        std::fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
        let tokenizer = Tokenizer::learn(self.texts, self.sizes.vocabulary);
        let [least, most] = self.sizes.pixels;
        let id = |name: &str| tokenizer.special.iter().find(|(known, _)| *known == name).map(|(_, id)| *id);
        let pixels = json!({
            "image_processor_type": "Qwen2VLImageProcessor", "processor_class": "Qwen2_5_VLProcessor",
            "min_pixels": least, "max_pixels": most, "patch_size": 14, "temporal_patch_size": 2, "merge_size": 2,
            "image_mean": self.sizes.mean, "image_std": self.sizes.deviation
        });
        let generation = json!({
            "bos_token_id": id("<|endoftext|>"), "pad_token_id": id("<|endoftext|>"),
            "eos_token_id": [id("<|im_end|>"), id("<|endoftext|>")], "do_sample": false
        });
        let config = self.sizes.config(&tokenizer.special, tokenizer.vocabulary);
        for (name, value) in [
            ("config.json", &config),
            ("generation_config.json", &generation),
            ("preprocessor_config.json", &pixels),
            ("tokenizer.json", &tokenizer.json),
            ("tokenizer_config.json", &tokenizer.config()),
        ] {
            write_json(&dir.join(name), value)?;
        }
        let template = dir.join("chat_template.jinja");
        std::fs::write(&template, TEMPLATE).map_err(|error| failed(&template, error))?;
        self.write_weights(&dir.join("model.safetensors"), tokenizer.vocabulary)
    }

    fn write_weights(&self, path: &Path, vocabulary: usize) -> Result<(), WriteError> {
        let weights = random(&self.sizes, vocabulary, self.seed);
        let bytes: Vec<Vec<u8>> = weights
            .iter()
            .map(|weight| weight.values.iter().flat_map(|value| value.to_le_bytes()).collect())
            .collect();
        let mut views = Vec::with_capacity(weights.len());
        for (weight, bytes) in weights.iter().zip(&bytes) {
            let view = TensorView::new(Dtype::F32, weight.shape.clone(), bytes);
            views.push((weight.name.as_str(), view.map_err(|error| failed(path, error))?));
        }
        // transformers reads the kind of framework from the metadata.
        let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        safetensors::serialize_to_file(views, Some(metadata), path).map_err(|error| failed(path, error))
    }
}

fn write_json(path: &Path, value: &Value) -> Result<(), WriteError> {
    let text = format!("{value:#}\n");
    std::fs::write(path, text).map_err(|error| failed(path, error))
}

fn failed(path: &Path, error: impl ToString) -> WriteError {
    WriteError { path: path.to_owned(), problem: error.to_string() }
}
