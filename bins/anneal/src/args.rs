//! What the user can type.

mod data;
mod eval;
mod run;

pub use data::{BadRow, ConvertArgs, DataArgs, DataCommand, InspectArgs, Scenes, SynthArgs};
pub use eval::EvalArgs;
pub use run::{DoctorArgs, ReportArgs, TrainArgs, VerifyArgs};

use crate::output::Existing;
use clap::{Args, Parser, Subcommand, ValueEnum};
use command_line::{ModelArgs, from_1_to, learned};
use std::path::PathBuf;

/// Most tokens that are written for a row.
const MAX_TOKENS: u64 = 1 << 17;
/// Most rows, completions or repetitions at a time.
const MAX_ROWS: u64 = 1 << 16;

/// Post-training for vision-language models.
#[derive(Parser)]
#[command(name = "anneal", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Subcommand)]
pub enum Command {
    /// The whole story in minutes on a CPU: a tiny model, synthetic scenes, SFT, DPO, GRPO, a report
    Demo(DemoArgs),
    /// Complete the conversations of a JSONL file
    Generate(GenerateArgs),
    /// Write the log-probabilities of given completions
    Score(ScoreArgs),
    /// Write the pixels, ids and positions that the model would be given
    Preprocess(PreprocessArgs),
    /// Supervised fine-tuning: learn what the assistant wrote
    Sft(TrainArgs),
    /// Preference optimisation: learn from pairs of a better and a worse answer
    Dpo(TrainArgs),
    /// Reinforcement learning from groups of completions and their rewards
    Grpo(TrainArgs),
    /// Reinforce++: one completion a prompt, whitened returns, KL in the reward
    Reinforce(TrainArgs),
    /// List the devices of this machine; check a recipe and its data before a model is loaded
    Doctor(DoctorArgs),
    /// Check every checkpoint of a run against its checksums
    Verify(VerifyArgs),
    /// Write a page about one or several runs
    Report(ReportArgs),
    /// Ask a model the questions of a benchmark and judge its answers
    Eval(EvalArgs),
    /// Look at data sets, convert them, draw synthetic ones
    Data(DataArgs),
    /// Put an adapter, or the weights of full fine-tuning, into a model folder
    Merge(MergeArgs),
    /// Measure preprocessing, prefill and decoding on this machine
    Bench(BenchArgs),
}

/// Rows in, results out.
#[derive(Args)]
pub struct FileArgs {
    /// JSONL file of rows; files named in it are relative to its folder
    #[arg(long, value_name = "ROWS.jsonl")]
    pub input: PathBuf,
    /// JSONL file of results; when it is there already, rows that have a result are not done again
    #[arg(long, value_name = "OUT.jsonl")]
    pub output: PathBuf,
    /// Start afresh when the output is there already
    #[arg(long)]
    pub overwrite: bool,
}

impl FileArgs {
    /// What the flags say about results that are there already.
    pub fn existing(&self) -> Existing {
        if self.overwrite { Existing::Overwrite } else { Existing::Continue }
    }
}

/// Arguments of `generate`.
#[derive(Args)]
pub struct GenerateArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub files: FileArgs,
    /// Longest completion, in tokens
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = from_1_to(MAX_TOKENS))]
    pub max_new_tokens: usize,
    /// 0 always takes the most likely token [default: 0]
    #[arg(long, value_name = "T")]
    pub temperature: Option<f32>,
    /// Sample among the most likely tokens that together reach this probability [default: 1]
    #[arg(long, value_name = "P")]
    pub top_p: Option<f32>,
    /// Sample among this many most likely tokens; 0 is all [default: 0]
    #[arg(long, value_name = "K")]
    pub top_k: Option<usize>,
    /// Make tokens that were seen before less likely; 1 is off [default: 1]
    #[arg(long, value_name = "X")]
    pub repetition_penalty: Option<f32>,
    /// Take what the flags leave open from the folder's generation_config.json
    #[arg(long)]
    pub use_generation_config: bool,
    /// Never write vision and padding placeholders, and leave them out of the log-probabilities
    #[arg(long)]
    pub mask_vision_tokens: bool,
    /// Completions for each row
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = from_1_to(MAX_ROWS))]
    pub num_generations: usize,
    /// Seed of the sampling
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Completions that are decoded together; the results do not depend on it
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = from_1_to(MAX_ROWS))]
    pub batch_size: usize,
}

/// Arguments of `score`.
#[derive(Args)]
pub struct ScoreArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub files: FileArgs,
    /// What logits are divided by
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    pub temperature: f32,
    /// Leave vision and padding placeholders out of the distribution
    #[arg(long)]
    pub mask_vision_tokens: bool,
}

/// Arguments of `merge`.
#[derive(Args)]
pub struct MergeArgs {
    /// Folder of the model that training started from
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// Folder with adapter_config.json and adapter_model.safetensors, a checkpoint of full fine-tuning, or a run, which
    /// stands for its newest checkpoint
    #[arg(long, value_name = "DIR", value_parser = learned())]
    pub adapter: PathBuf,
    /// Folder for the merged model, without weights so far
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
}

/// Arguments of `preprocess`.
#[derive(Args)]
pub struct PreprocessArgs {
    /// Model folder; its weights are not read
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// JSONL file of rows; files named in it are relative to its folder
    #[arg(long, value_name = "ROWS.jsonl")]
    pub input: PathBuf,
    /// Folder for one ID.safetensors a row; files that are there already are not made again
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// Make files again that are there already
    #[arg(long)]
    pub overwrite: bool,
}

/// Arguments of `demo`.
#[derive(Args)]
pub struct DemoArgs {
    /// Folder to make, for data, models, runs and the report
    #[arg(long, value_name = "DIR", default_value = "anneal-demo")]
    pub output: PathBuf,
    /// Seed of scenes, weights and draws
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
}

/// Arguments of `bench`.
#[derive(Args)]
pub struct BenchArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// JSONL file of rows
    #[arg(long, value_name = "ROWS.jsonl")]
    pub input: PathBuf,
    /// What to measure
    #[arg(long, value_enum)]
    pub task: Task,
    /// Rows in one repetition; the file's rows are repeated as often as needed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = from_1_to(MAX_ROWS))]
    pub batch: usize,
    /// Tokens to decode for each row, end tokens ignored
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = from_1_to(MAX_TOKENS))]
    pub new_tokens: usize,
    /// Measured repetitions, after one that is not counted
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = from_1_to(MAX_ROWS))]
    pub repeat: usize,
    /// Hold the frozen weights of the layers in four bits (NF4)
    #[arg(long)]
    pub load_in_4bit: bool,
    /// One JSON object instead of a sentence
    #[arg(long)]
    pub json: bool,
}

/// What `bench` measures.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Task {
    /// Files to pixels, ids and positions
    Preprocess,
    /// Prompts to the logits of the first token
    Prefill,
    /// Pictures to the features that the decoder reads
    Vision,
    /// Tokens after the first
    Decode,
    /// A whole step of supervised fine-tuning on an adapter
    SftStep,
    /// A whole step of preference optimisation on an adapter
    DpoStep,
    /// A whole step of GRPO on completions that are in the file
    GrpoUpdate,
    /// The same with completions that are sampled first, --new-tokens each, end tokens ignored
    GrpoStep,
}

impl Task {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preprocess => "preprocess",
            Self::Prefill => "prefill",
            Self::Vision => "vision",
            Self::Decode => "decode",
            Self::SftStep => "sft-step",
            Self::DpoStep => "dpo-step",
            Self::GrpoUpdate => "grpo-update",
            Self::GrpoStep => "grpo-step",
        }
    }

    /// Whether weights are changed.
    pub fn trains(self) -> bool {
        !matches!(self, Self::Preprocess | Self::Prefill | Self::Vision | Self::Decode)
    }
}
