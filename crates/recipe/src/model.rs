//! The model, and what of it is trained.

use std::path::PathBuf;

use crate::error::{Problem, RecipeError};
use crate::kind::Kind;
use crate::section::{Entries, Key, Reader, Section, alternatives, settings};
use crate::setting::{At, Count, Positive, Setting, Share};
use crate::yaml::Content;

settings! {
    /// Which model.
    pub struct ModelSettings {
        /// Folder of the model, as Hugging Face publishes it. Nothing is downloaded.
        key model_name_or_path: PathBuf;
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
        /// Folder of an adapter to go on with. It brings its own rank, alpha and targets: keys given beside it must agree.
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

/// The layers that get an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// Every linear layer but the output head.
    AllLinear,
    /// Layers whose path ends in one of these names.
    Names(Vec<String>),
    /// Layers whose whole path matches this regular expression.
    Pattern(String),
}

impl Setting for Targets {
    fn accepts() -> String {
        "`all-linear`, a list of names, or a regular expression".into()
    }

    fn read(at: &At<'_>) -> Result<Self, RecipeError> {
        match &at.node.content {
            Content::List(_) => Vec::read(at).map(Self::Names),
            Content::Text(text) if text == "all-linear" => Ok(Self::AllLinear),
            Content::Text(_) => pattern(at).map(Self::Pattern),
            _ => Err(at.wrong_type(Self::accepts())),
        }
    }

    fn write(&self) -> Content {
        match self {
            Self::AllLinear => Content::word("all-linear"),
            Self::Names(names) => names.write(),
            Self::Pattern(pattern) => pattern.write(),
        }
    }
}

/// Reads a regular expression that the `regex` crate knows.
fn pattern(at: &At<'_>) -> Result<String, RecipeError> {
    let pattern = String::read(at)?;
    match regex::Regex::new(&pattern) {
        Ok(_) => Ok(pattern),
        Err(_) => {
            let fix = "mend the expression; it cannot look ahead or back. A list of names, [q_proj, v_proj], often does";
            Err(at.fault(Problem::OutOfRange, "a regular expression", fix))
        }
    }
}

/// How frozen weights are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasePrecision {
    /// In the type of the run.
    Dense,
    /// In 4 bits (NF4) with a scale per block.
    Nf4(BlockScales),
    /// In 8 bits with a scale per block.
    Int8,
}

/// How the scales of 4-bit blocks are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockScales {
    /// In f32.
    Single,
    /// In 8 bits with scales of their own: double quantisation.
    Double,
}

const FOUR: &str = "load_in_4bit";
const EIGHT: &str = "load_in_8bit";
const NESTED: &str = "use_bnb_nested_quant";

impl Section for BasePrecision {
    fn keys(_: Kind, keys: &mut Vec<Key>) {
        keys.push(Key::new(FOUR, &["Holds the frozen weights in 4 bits (NF4): QLoRA."], Some(false)));
        keys.push(Key::new(EIGHT, &["Holds the frozen weights in 8 bits."], Some(false)));
        keys.push(Key::new(NESTED, &["Quantises the scales of 4-bit blocks once more."], Some(false)));
    }

    fn read(reader: &Reader<'_>) -> Result<Self, RecipeError> {
        let [four, eight, nested] = [FOUR, EIGHT, NESTED].map(|key| reader.or_default(key, |_| false));
        match (four?, eight?, nested?) {
            (true, true, _) => Err(reader.conflict(
                EIGHT,
                "4 bits or 8 bits, not both",
                format!("remove `{FOUR}` or `{EIGHT}`"),
            )),
            (false, _, true) => Err(reader.conflict(
                NESTED,
                format!("`{FOUR}: true` beside it"),
                format!("remove `{NESTED}`"),
            )),
            (true, false, true) => Ok(Self::Nf4(BlockScales::Double)),
            (true, false, false) => Ok(Self::Nf4(BlockScales::Single)),
            (false, true, false) => Ok(Self::Int8),
            (false, false, false) => Ok(Self::Dense),
        }
    }

    fn write(&self, out: &mut Entries) {
        out.push((FOUR, Content::Bool(matches!(self, Self::Nf4(_)))));
        out.push((EIGHT, Content::Bool(*self == Self::Int8)));
        out.push((NESTED, Content::Bool(*self == Self::Nf4(BlockScales::Double))));
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

    /// Whether anything of the vision tower is trained.
    pub fn trains_vision(&self) -> bool {
        match self {
            Self::Adapter(lora) => lora.lora_vision || lora.lora_target_modules.is_pattern(),
            Self::Full(full) => !full.freeze_vision_tower || !full.freeze_merger,
        }
    }
}

impl Targets {
    /// A regular expression may match any layer.
    fn is_pattern(&self) -> bool {
        matches!(self, Self::Pattern(_))
    }
}
