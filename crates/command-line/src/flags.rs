//! Flags that every command with a model has.

use clap::builder::{PathBufValueParser, RangedU64ValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use trainer::engine::TrainedWeights;

/// A count that has an upper end, so that a slip of the finger is a message and not a full memory.
pub fn from_1_to(most: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=most)
}

/// What a run has learned: the folder that is given, or the newest checkpoint where that is the folder of a run.
pub fn learned() -> impl TypedValueParser<Value = PathBuf> {
    let holds = |folder: &Path| folder.join(lora::peft::CONFIG).is_file() || TrainedWeights::are_in(folder);
    let newest = move |given: &PathBuf| recipe::newest_checkpoint(given, holds).filter(|_| !holds(given));
    PathBufValueParser::new().map(move |given| newest(&given).unwrap_or(given))
}

/// Where the model is and what runs it.
#[derive(Args)]
pub struct ModelArgs {
    /// Folder with config.json, tokenizer.json and *.safetensors, as Hugging Face publishes it
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// Folder of a LoRA adapter for the model, as PEFT or training writes it, a checkpoint of full fine-tuning, or a
    /// run, which stands for its newest checkpoint
    #[arg(long, value_name = "DIR", value_parser = learned())]
    pub adapter: Option<PathBuf>,
    /// What computes
    #[command(flatten)]
    pub device: DeviceArgs,
}

/// What computes.
#[derive(Args, Clone)]
pub struct DeviceArgs {
    /// cpu, wgpu, vulkan or cuda, with :N for the N-th of them that `anneal doctor` lists
    #[arg(long = "device", value_name = "DEVICE", default_value = "cpu")]
    pub name: String,
    /// Type of weights and activations; auto is bfloat16 on cards that compute with it, float32 elsewhere. On the CPU
    /// bfloat16 is for the weights of layers and what is multiplied with them
    #[arg(long, value_enum, default_value_t = Dtype::Auto)]
    pub dtype: Dtype,
    /// Threads of the CPU; all cores when absent
    #[arg(long, value_name = "N", value_parser = from_1_to(1024))]
    pub threads: Option<usize>,
}

/// Names as torch spells them.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dtype {
    /// What suits the device.
    Auto,
    /// 32 bits.
    Float32,
    /// 16 bits, with the range of 32.
    Bfloat16,
    /// 16 bits, IEEE half.
    Float16,
}
