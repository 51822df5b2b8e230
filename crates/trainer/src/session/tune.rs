//! A recipe's tuning section applied to a model: what of it learns.

use super::SessionError;
use crate::engine::train_only;
use lora::{CodeFormat, LoraConfig, Quantization, ScaleCoding, Targets, Variant, Vision};
use recipe::{BasePrecision, BlockScales, FullSettings, LoraSettings};
use vlm_model::VlModel;

/// Attaches fresh adapters; everything else is frozen.
pub fn attach(model: &mut VlModel, asked: &LoraSettings, seed: u64) -> Result<LoraConfig, SessionError> {
    let config = LoraConfig {
        r: asked.lora_r.get(),
        alpha: asked.lora_alpha.get(),
        dropout: asked.lora_dropout.get(),
        variant: match (asked.use_dora, asked.use_rslora) {
            (true, true) => Variant::RsDora,
            (true, false) => Variant::Dora,
            (false, true) => Variant::RsLora,
            (false, false) => Variant::Lora,
        },
        targets: match &asked.lora_target_modules {
            recipe::Targets::AllLinear => Targets::AllLinear,
            recipe::Targets::Names(names) => Targets::Names(names.clone()),
            recipe::Targets::Pattern(pattern) => Targets::Pattern(pattern.clone()),
        },
        vision: if asked.lora_vision { Vision::Included } else { Vision::Excluded },
        modules_to_save: asked.lora_modules_to_save.clone().unwrap_or_default(),
        seed,
        ..LoraConfig::default()
    };
    lora::attach(model, &config)?;
    Ok(config)
}

/// How frozen weights are packed, where the recipe says so.
pub fn quantization(asked: &LoraSettings) -> Option<Quantization> {
    let (format, scales) = match asked.base {
        BasePrecision::Dense => return None,
        BasePrecision::Nf4(BlockScales::Single) => (CodeFormat::Nf4, ScaleCoding::Exact),
        BasePrecision::Nf4(BlockScales::Double) => (CodeFormat::Nf4, ScaleCoding::Coded),
        BasePrecision::Int8 => (CodeFormat::Int8, ScaleCoding::Exact),
    };
    Some(Quantization { format, scales, ..Quantization::default() })
}

/// Trains the weights themselves, but for the parts that the recipe leaves alone.
pub fn unfreeze(model: VlModel, asked: &FullSettings) -> VlModel {
    train_only(model, |name| match name.strip_prefix("visual.") {
        Some(rest) if rest.starts_with("merger.") => !asked.freeze_merger,
        Some(_) => !asked.freeze_vision_tower,
        None => !asked.freeze_language_model,
    })
}
