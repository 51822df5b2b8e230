//! What a run takes of a machine, estimated from shapes alone.

use super::SessionError;
use super::kept::{Kept, Vision};
use super::tune::quantization;
use lora::{Quantization, ScaleCoding, peft};
use recipe::{LoraSettings, Recipe, Targets, Tuning};
use vlm_model::weights::Checkpoint;
use vlm_model::{LoadError, ModelConfig};

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
    /// What a micro-batch of the longest rows keeps for its gradient. Where the tower is trained, they are taken to be
    /// pictures from end to end.
    pub activations: u64,
    /// The same in numbers, for each token and patch.
    pub kept: Kept,
    /// One checkpoint on disk: what is trained, and its moments.
    pub checkpoint: u64,
}

impl Needs {
    /// Estimates a run whose longest row has so many tokens. Only headers of weight files are read.
    pub fn estimate(recipe: &Recipe, longest: usize) -> Result<Self, SessionError> {
        let folder = &recipe.model.model_name_or_path;
        let config = ModelConfig::from_dir(folder).map_err(LoadError::from)?;
        let checkpoint = Checkpoint::open(folder).map_err(LoadError::from)?;
        let shapes: Vec<Shape<'_>> =
            checkpoint.names().filter_map(|name| Some((name, checkpoint.shape(name)?))).collect();
        let held = |(name, shape): &Shape<'_>| bytes_of(recipe, (name, shape), checkpoint.is_half(name));
        let (trained, beside) = trained(recipe, &shapes);
        let rank = match &recipe.tuning {
            Tuning::Adapter(lora) => lora.lora_r.get() as u64,
            Tuning::Full(_) => 0,
        };
        let vision = if recipe.tuning.trains_vision() { Vision::Trained } else { Vision::Frozen };
        let kept = Kept::of(&config, super::activations(recipe), rank, vision);
        let tokens = recipe.optimiser.per_device_train_batch_size.get() as u64 * longest as u64;
        let patches = tokens * (config.vision.merge_size as u64).pow(2);
        Ok(Self {
            weights: shapes.iter().map(held).sum(),
            gradients: (trained + beside) * NUMBER,
            optimiser: 2 * trained * NUMBER,
            activations: (tokens * kept.decoder + patches * kept.tower) * NUMBER,
            kept,
            checkpoint: 3 * trained * NUMBER,
        })
    }

    /// Bytes of memory in all.
    pub fn memory(&self) -> u64 {
        self.weights + self.gradients + self.optimiser + self.activations
    }
}

/// A tensor of a model folder by its name.
type Shape<'a> = (&'a str, &'a [usize]);

fn count(shape: &[usize]) -> u64 {
    shape.iter().map(|side| *side as u64).product()
}

/// Bytes of a tensor in memory: frozen maps are packed where the recipe says so, or stay in the type of their file.
fn bytes_of(recipe: &Recipe, (name, shape): Shape<'_>, is_half: bool) -> u64 {
    let numbers = count(shape);
    let Tuning::Adapter(lora) = &recipe.tuning else { return numbers * NUMBER };
    if shape.len() != 2 || !is_in_layers(name) {
        return numbers * NUMBER;
    }
    match quantization(lora) {
        Some(packed) if packed.covers(name.trim_end_matches(".weight")) => {
            (numbers as f64 * bits(&packed) / 8.0) as u64
        }
        _ => numbers * if is_half { HALF } else { NUMBER },
    }
}

/// Numbers that are trained, and those of them that stand beside the model's own.
fn trained(recipe: &Recipe, shapes: &[Shape<'_>]) -> (u64, u64) {
    match &recipe.tuning {
        Tuning::Adapter(lora) => {
            let numbers = adapter(lora, shapes);
            (numbers, numbers)
        }
        Tuning::Full(full) => {
            let learns = |name: &str| match name.rsplit_once("visual.") {
                Some((_, rest)) if rest.starts_with("merger.") => !full.freeze_merger,
                Some(_) => !full.freeze_vision_tower,
                None => !full.freeze_language_model,
            };
            (shapes.iter().filter(|(name, _)| learns(name)).map(|(_, shape)| count(shape)).sum(), 0)
        }
    }
}

/// Bits of a number in few bits, its part of the scale of its block included.
fn bits(packed: &Quantization) -> f64 {
    let scale = match packed.scales {
        ScaleCoding::Exact => 0.5,
        ScaleCoding::Coded => 0.125,
    };
    packed.format.bits() as f64 + scale
}

/// Numbers of an adapter: r·(in + out) for each affine map it changes, or as many as its folder holds.
fn adapter(asked: &LoraSettings, shapes: &[Shape<'_>]) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;
    use recipe::Kind;
    use std::path::Path;

    fn needs(model: &str, more: &str) -> Needs {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/checkpoints").join(model);
        let text = format!("model_name_or_path: {}\ndatasets: d\noutput_dir: o\n{more}", folder.display());
        let recipe = Recipe::parse(Kind::Sft, &text, Path::new(""), &[]).unwrap();
        Needs::estimate(&recipe, 100).unwrap()
    }

    /// Numbers of the maps in the layers of decoder, tower and merger of the small checkpoints, and of the decoder alone.
    fn maps(model: &str) -> [u64; 2] {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/checkpoints").join(model);
        let checkpoint = Checkpoint::open(&folder).unwrap();
        let all = checkpoint.names().filter_map(|name| Some((name, checkpoint.shape(name)?)));
        let maps: Vec<_> = all.filter(|(name, shape)| shape.len() == 2 && is_in_layers(name)).collect();
        let sum = |wanted: &dyn Fn(&str) -> bool| {
            maps.iter().filter(|(name, _)| wanted(name)).map(|(_, shape)| count(shape)).sum()
        };
        [sum(&|_| true), sum(&|name| !name.contains("visual."))]
    }

    #[test]
    fn frozen_maps_take_two_bytes_where_their_file_has_two_and_fewer_when_packed() {
        let (whole, half) = (needs("qwen2_5-nano", "").weights, needs("qwen2_5-nano-bf16", "").weights);
        let [all, decoder] = maps("qwen2_5-nano");
        assert!(all > decoder && decoder > 0);
        assert_eq!(whole - half, 2 * all);
        assert_eq!(needs("qwen2_5-nano-bf16", "use_peft: false\n").weights, whole);
        let four = needs("qwen2_5-nano", "load_in_4bit: true\n").weights;
        let nested = needs("qwen2_5-nano", "load_in_4bit: true\nuse_bnb_nested_quant: true\n").weights;
        let eight = needs("qwen2_5-nano", "load_in_8bit: true\n").weights;
        let saved = |bits: f64| (decoder as f64 * (32.0 - bits) / 8.0) as u64;
        for (found, bits) in [(four, 4.5), (nested, 4.125), (eight, 8.5)] {
            assert!((whole - found).abs_diff(saved(bits)) < 64, "{bits}: {found} of {whole}");
        }
    }

    #[test]
    fn a_token_keeps_what_the_operations_save_and_nothing_of_the_vocabulary() {
        let all = needs("qwen2_5-nano", "gradient_checkpointing: false\nper_device_train_batch_size: 1\n");
        // Width 64, keys 32, inner 96, 4 heads, rank 16, 4 layers.
        let layer = 2 * (2 * 64 + 1) + 2 * 64 + 2 * 32 + 4 + 3 * 96 + 7 * 16;
        assert_eq!((all.kept.token, all.kept.patch, all.kept.tower), (layer, 0, 0));
        assert_eq!(all.kept.decoder, 4 * layer + (3 * 96 + 2 * 64) + (2 * 64 + 2 * 16));
        assert_eq!(all.activations, 100 * all.kept.decoder * NUMBER);
        let again = needs("qwen2_5-nano", "per_device_train_batch_size: 1\n");
        assert_eq!(all.kept.decoder - again.kept.decoder, 3 * (layer - 64));
    }

    #[test]
    fn pictures_count_where_gradients_go_through_them() {
        let seen = needs("qwen2_5-nano", "lora_vision: true\nper_device_train_batch_size: 1\n");
        assert!(seen.kept.patch > 0 && seen.kept.tower > seen.kept.patch);
        let patches = 4 * 100;
        assert_eq!(seen.activations, (100 * seen.kept.decoder + patches * seen.kept.tower) * NUMBER);
    }
}
