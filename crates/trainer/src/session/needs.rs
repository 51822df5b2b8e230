//! What a run takes of a machine, estimated from shapes alone.

use super::SessionError;
use lora::peft;
use recipe::{LoraSettings, Recipe, Targets, Tuning};
use vlm_model::weights::Checkpoint;
use vlm_model::{Activations, LoadError, ModelConfig};

/// Bytes of a number: training computes in f32.
const NUMBER: u64 = 4;
/// The same of a frozen matrix that its file holds in bfloat16.
const HALF: u64 = 2;

/// Bytes that a run takes, to one significant digit: enough to tell what cannot fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The weights of the model.
    pub weights: u64,
    /// What is trained: once as weights of the adapter where there is one, once as gradients.
    pub gradients: u64,
    /// AdamW's two moments of what is trained.
    pub optimiser: u64,
    /// What a micro-batch of the longest rows keeps for its gradient.
    pub activations: u64,
    /// One checkpoint on disk: what is trained, and its moments.
    pub checkpoint: u64,
}

impl Needs {
    /// Estimates a run whose longest row has so many tokens. Only headers of weight files are read.
    pub fn estimate(recipe: &Recipe, longest: usize) -> Result<Self, SessionError> {
        let folder = &recipe.model.model_name_or_path;
        let config = ModelConfig::from_dir(folder).map_err(LoadError::from)?;
        let checkpoint = Checkpoint::open(folder).map_err(LoadError::from)?;
        let shapes: Vec<(&str, &[usize])> =
            checkpoint.names().filter_map(|name| Some((name, checkpoint.shape(name)?))).collect();
        let count = |shape: &[usize]| shape.iter().map(|side| *side as u64).product::<u64>();
        let frozen = matches!(recipe.tuning, Tuning::Adapter(_));
        let held = |(name, shape): &(&str, &[usize])| {
            let stays = frozen && checkpoint.is_half(name) && shape.len() == 2 && is_in_layers(name);
            count(shape) * if stays { HALF } else { NUMBER }
        };
        let (trained, beside) = match &recipe.tuning {
            Tuning::Adapter(lora) => {
                let trained = adapter(lora, &shapes);
                (trained, trained)
            }
            Tuning::Full(full) => {
                let learns = |name: &str| match name.rsplit_once("visual.") {
                    Some((_, rest)) if rest.starts_with("merger.") => !full.freeze_merger,
                    Some(_) => !full.freeze_vision_tower,
                    None => !full.freeze_language_model,
                };
                (shapes.iter().filter(|(name, _)| learns(name)).map(|(_, shape)| count(shape)).sum(), 0)
            }
        };
        let rows = recipe.optimiser.per_device_train_batch_size.get() as u64;
        Ok(Self {
            weights: shapes.iter().map(held).sum(),
            gradients: (trained + beside) * NUMBER,
            optimiser: 2 * trained * NUMBER,
            activations: rows
                * longest as u64
                * kept_of_a_token(&config, super::activations(recipe))
                * NUMBER,
            checkpoint: 3 * trained * NUMBER,
        })
    }

    /// Bytes of memory in all.
    pub fn memory(&self) -> u64 {
        self.weights + self.gradients + self.optimiser + self.activations
    }
}

/// Numbers of an adapter: r·(in + out) for each affine map it changes, or as many as its folder holds.
fn adapter(asked: &LoraSettings, shapes: &[(&str, &[usize])]) -> u64 {
    let held = asked.adapter.as_ref().and_then(|dir| std::fs::metadata(dir.join(peft::WEIGHTS)).ok());
    if let Some(file) = held {
        return file.len() / NUMBER;
    }
    let rank = asked.lora_r.get() as u64;
    let maps = shapes.iter().filter_map(|(name, shape)| match shape {
        [wide, narrow] => Some((name.strip_suffix(".weight")?, (wide + narrow) as u64)),
        _ => None,
    });
    maps.filter(|(module, _)| is_changed(asked, module)).map(|(_, sides)| rank * sides).sum()
}

fn is_in_layers(name: &str) -> bool {
    ["layers.", "blocks.", "merger."].iter().any(|part| name.contains(part))
}

/// Whether an adapter changes a module. A pattern is taken to match every affine map of the layers.
fn is_changed(asked: &LoraSettings, module: &str) -> bool {
    let vision = module.contains("visual.");
    is_in_layers(module)
        && match &asked.lora_target_modules {
            Targets::Pattern(_) => true,
            Targets::AllLinear => asked.lora_vision || !vision,
            Targets::Names(names) => {
                let named = |name: &String| module == name || module.ends_with(&format!(".{name}"));
                (asked.lora_vision || !vision) && names.iter().any(named)
            }
        }
}

/// Numbers that one token leaves behind for the gradient: norms, projections and sums of every decoder layer, the gated
/// products of its MLP, and the distribution over the vocabulary with its gradient. Where layers are computed again, all
/// but one leave only their input.
fn kept_of_a_token(config: &ModelConfig, activations: Activations) -> u64 {
    let text = &config.text;
    let keys = text.hidden_size / text.heads.max(1) * text.kv_heads;
    let layer = 12 * text.hidden_size + 4 * text.intermediate_size + 4 * keys;
    let layers = match activations {
        Activations::Kept => text.layers * layer,
        Activations::Recomputed => text.layers * text.hidden_size + layer,
    };
    (layers + 2 * text.vocab_size) as u64
}
