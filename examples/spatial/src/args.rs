//! What the user can type: the flags of the publication, with their underscores.

use clap::{Args, Parser, Subcommand, ValueEnum};
use command_line::{DeviceArgs, learned};
use std::path::PathBuf;

/// Spatial reasoning for vision-language models: SFT, DPO, GRPO.
#[derive(Parser)]
#[command(name = "spatial", version, about)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Subcommand)]
pub enum Command {
    /// Check the data sets below a folder, and draw the synthetic one
    Data(DataArgs),
    /// First stage: learn from answers
    Sft(StageArgs),
    /// Second stage: learn from pairs of a better and a worse answer
    Dpo(StageArgs),
    /// Third stage: practise, rewarded for what is said of space
    Grpo(StageArgs),
    /// Ask a model the questions of VSR, CV-Bench and others
    Eval(EvalArgs),
    /// Draw synthetic scenes with questions whose answers are known
    Generate(GenerateArgs),
    /// Ask about one image
    Chat(ChatArgs),
    /// Fold an adapter into its model
    Merge(MergeArgs),
    /// All stages on a tiny model made from nothing, measured after each
    Tiny(TinyArgs),
}

/// Arguments of `data`.
#[derive(Args)]
pub struct DataArgs {
    /// Names of data sets
    #[arg(long, num_args = 1.., value_name = "NAME", default_values = ["all"])]
    pub datasets: Vec<String>,
    /// Folder with one folder for each set
    #[arg(long = "cache_dir", value_name = "DIR", default_value = "data")]
    pub cache_dir: PathBuf,
}

/// Arguments of the three stages.
#[derive(Args)]
pub struct StageArgs {
    /// A recipe, or a configuration in the nested form of the publication
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Folder of the stage; that of the configuration when absent
    #[arg(long = "output_dir", value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Folder of the stage before (dpo, grpo): its adapter, or its model
    #[arg(long = "sft_checkpoint", value_name = "DIR")]
    pub sft_checkpoint: Option<PathBuf>,
    /// Go on although the stage before was trained on another model
    #[arg(long = "allow_base_mismatch")]
    pub allow_base_mismatch: bool,
    /// Goes on training the adapter of the stage before, instead of folding it into the model and starting a new one
    #[arg(long = "continue_adapter")]
    pub continue_adapter: bool,
    /// The reward of grpo
    #[arg(long = "reward_type", value_enum)]
    pub reward_type: Option<RewardType>,
    /// A short run: a few steps on a few rows; with --local nothing is trained and everything is checked
    #[arg(long)]
    pub debug: bool,
    /// With --debug: check data, prompts, rewards and generation with a small model, and train nothing
    #[arg(long, alias = "mlx", requires = "debug")]
    pub local: bool,
    /// The small model of --local: a folder, or `nano` for one made from nothing
    #[arg(long = "debug_model", alias = "mlx_model", value_name = "DIR|nano", default_value = "nano")]
    pub debug_model: String,
    /// First rows of each set; of generation with --debug --local
    #[arg(long = "max_samples", value_name = "N")]
    pub max_samples: Option<usize>,
    /// Optimiser steps
    #[arg(long = "max_steps", value_name = "N")]
    pub max_steps: Option<usize>,
    /// Accepted for old scripts: records are always local files
    #[arg(long = "no_tracker", alias = "no_wandb")]
    pub no_tracker: bool,
    /// Accepted for old scripts: a run is known by its folder
    #[arg(long = "run_name", value_name = "NAME")]
    pub run_name: Option<String>,
    /// Folder with one folder for each set
    #[arg(long = "cache_dir", value_name = "DIR", default_value = "data")]
    pub cache_dir: PathBuf,
    /// Go on with an interrupted stage: `latest`, or the path of one of its checkpoints
    #[arg(long, value_name = "latest|PATH")]
    pub resume: Option<String>,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Settings that replace those of the configuration, as in a recipe
    #[arg(value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
}

/// The rewards of the publication.
#[derive(Clone, Copy, ValueEnum)]
pub enum RewardType {
    Spatial,
    Counting,
    Combined,
}

impl RewardType {
    /// Its name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spatial => "spatial",
            Self::Counting => "counting",
            Self::Combined => "combined",
        }
    }
}

/// Arguments of `eval`.
#[derive(Args)]
pub struct EvalArgs {
    /// Folder of the model
    #[arg(long = "model_path", value_name = "DIR", required_unless_present = "compare")]
    pub model_path: Option<PathBuf>,
    /// Folder of an adapter for it
    #[arg(long = "adapter_path", value_name = "DIR", value_parser = learned())]
    pub adapter_path: Option<PathBuf>,
    /// VSR, CV-Bench, synthetic, or custom:FILE
    #[arg(long, num_args = 1.., value_name = "NAME", default_values = ["VSR", "CV-Bench"])]
    pub benchmarks: Vec<String>,
    /// Ask only the first N questions of each benchmark
    #[arg(long = "max_samples", value_name = "N")]
    pub max_samples: Option<usize>,
    /// Spread the N questions evenly over sources and tasks
    #[arg(long, requires = "max_samples")]
    pub stratify: bool,
    /// Holds the weights in four bits (NF4)
    #[arg(long = "use_4bit")]
    pub use_4bit: bool,
    /// 0 is greedy
    #[arg(long, value_name = "T", default_value_t = 0.0)]
    pub temperature: f64,
    /// Longest answer in tokens
    #[arg(long = "max_new_tokens", value_name = "N", default_value_t = 256)]
    pub max_new_tokens: usize,
    /// Folder of eval_results.json and of one folder for each benchmark
    #[arg(long = "output_dir", value_name = "DIR", default_value = "./eval_results")]
    pub output_dir: PathBuf,
    /// Folder with one folder for each set
    #[arg(long = "cache_dir", value_name = "DIR", default_value = "data")]
    pub cache_dir: PathBuf,
    /// Show the results of these folders side by side, and ask nothing
    #[arg(long, num_args = 1.., value_name = "DIR", conflicts_with_all = ["model_path", "adapter_path"])]
    pub compare: Vec<PathBuf>,
    #[command(flatten)]
    pub device: DeviceArgs,
}

/// Arguments of `generate`.
#[derive(Args)]
pub struct GenerateArgs {
    /// Shares of tasks, such as relation=0.5,count=0.5; the usual mix when absent
    #[arg(long = "task_mix", value_name = "TASK=SHARE", value_delimiter = ',')]
    pub task_mix: Vec<String>,
    /// Rows of each split; the split's own number when absent
    #[arg(long, value_name = "N")]
    pub n: Option<u64>,
    /// Seed of the scenes
    #[arg(long, value_name = "S", default_value_t = 42)]
    pub seed: u64,
    /// Width and height of a picture in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 224)]
    pub size: u32,
    /// Folder for SPLIT.jsonl and images
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Arguments of `chat`.
#[derive(Args)]
pub struct ChatArgs {
    /// Folder of the model
    #[arg(long = "model_path", value_name = "DIR")]
    pub model_path: PathBuf,
    /// Folder of an adapter for it
    #[arg(long = "adapter_path", value_name = "DIR", value_parser = learned())]
    pub adapter_path: Option<PathBuf>,
    /// The image
    #[arg(long, value_name = "FILE")]
    pub image: PathBuf,
    /// Ask five questions about space instead of one
    #[arg(long, conflicts_with = "question")]
    pub spatial: bool,
    /// What to ask
    #[arg(long, default_value = "Describe the spatial arrangement of this image.")]
    pub question: String,
    /// Longest answer in tokens
    #[arg(long = "max_new_tokens", value_name = "N", default_value_t = 256)]
    pub max_new_tokens: usize,
    #[command(flatten)]
    pub device: DeviceArgs,
}

/// Arguments of `merge`.
#[derive(Args)]
pub struct MergeArgs {
    /// Folder of the model
    #[arg(long = "model_path", value_name = "DIR")]
    pub model_path: PathBuf,
    /// Folder of the adapter
    #[arg(long = "adapter_path", value_name = "DIR", value_parser = learned())]
    pub adapter_path: PathBuf,
    /// Folder for the merged model
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Arguments of `tiny`.
#[derive(Args)]
pub struct TinyArgs {
    /// Folder to make
    #[arg(long = "output_dir", value_name = "DIR", default_value = "spatial-tiny")]
    pub output_dir: PathBuf,
    /// One run for each seed
    #[arg(long, num_args = 1.., value_name = "S", default_values_t = [1])]
    pub seeds: Vec<u64>,
}
