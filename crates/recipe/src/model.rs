//! The model, and what of it is trained.

use std::path::PathBuf;

use crate::error::RecipeError;
use crate::kind::Kind;
use crate::precision::BasePrecision;
use crate::section::{Reader, alternatives, settings};
use crate::setting::{Count, Positive, Share};
use crate::targets::Targets;

settings! {
    /// Which model.
    pub struct ModelSettings {
        /// Folder of the model, as Hugging Face publishes it. Nothing is downloaded.
        key model_name_or_path: PathBuf;
        /// A file with a chat template in Jinja; without it that of the model folder.
        key chat_template_path: Option<PathBuf> = |_| None;
    }
}

alternatives! {
    /// Whether adapters are trained on a frozen model, or the model itself. TRL: false.
    pub enum Tuning by use_peft = |_| "true"; {
        /// Low-rank adapters on a frozen model.
        Adapter(LoraSettings) = "true",
        /// The weights of the model: full fine-tuning.
        Full(FullSettings) = "false",
    }
}

settings! {
    /// Low-rank adapters.
    pub struct LoraSettings {
        /// Folder of an adapter to go on with, or of a run, which stands for its newest checkpoint. It brings its own rank,
        /// alpha and targets: keys given beside it must agree.
        key adapter: Option<PathBuf> = |_| None;
        /// Rank of the two factors.
        key lora_r: Count = |_| Count::constant(16);
        /// Scale: the update counts alpha/r, or alpha/√r with `use_rslora`.
        key lora_alpha: Positive = |_| Positive::constant(32.0);
        /// Share of the adapter's inputs that training drops. Kinds other than `sft` start from 0: TRL's default of 0.05
        /// is switched off again by its `disable_dropout`, and in RL dropout moves the ratio of a fresh sample away from 1.
        key lora_dropout: Share = |kind| Share::constant(if kind == Kind::Sft { 0.05 } else { 0.0 });
        /// Which layers get an adapter: `all-linear`, a list of names, or a text that is a regular expression for the whole
        /// path of a layer, as in PEFT. TRL leaves the choice to PEFT.
        key lora_target_modules: Targets = |_| Targets::AllLinear;
        /// Whether `all-linear` and names reach into the vision tower and the merger. PEFT: they do.
        key lora_vision: bool = |_| false;
        /// Modules that are trained in full and saved beside the adapter.
        key lora_modules_to_save: Option<Vec<String>> = |_| None;
        /// Scales by alpha/√r: rank-stabilised LoRA.
        key use_rslora: bool = |_| false;
        /// Trains magnitude and direction apart: DoRA.
        key use_dora: bool = |_| false;
        /// How the frozen weights are held.
        part base: BasePrecision;
    }
}

settings! {
    /// The parts of the model that full fine-tuning leaves alone.
    pub struct FullSettings {
        /// In full fine-tuning, leaves the vision tower alone.
        key freeze_vision_tower: bool = |_| true;
        /// In full fine-tuning, leaves the merger between vision and language alone.
        key freeze_merger: bool = |_| true;
        /// In full fine-tuning, leaves the language model alone.
        key freeze_language_model: bool = |_| false;
    }
}

impl Tuning {
    /// What full fine-tuning must not freeze: everything.
    pub(crate) fn check(&self, reader: &Reader<'_>) -> Result<(), RecipeError> {
        match self {
            Self::Full(full)
                if full.freeze_vision_tower && full.freeze_merger && full.freeze_language_model =>
            {
                Err(reader.conflict(
                    "freeze_language_model",
                    "at least one part that is trained",
                    "set one of `freeze_language_model`, `freeze_merger`, `freeze_vision_tower` to false",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether anything of the vision tower or the merger may be trained: patterns and whole modules may name any layer.
    pub fn trains_vision(&self) -> bool {
        match self {
            Self::Adapter(lora) => {
                lora.lora_vision
                    || lora.lora_target_modules.is_pattern()
                    || lora.lora_modules_to_save.is_some()
            }
            Self::Full(full) => !full.freeze_vision_tower || !full.freeze_merger,
        }
    }
}
