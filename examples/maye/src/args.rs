//! What the user can type.

use clap::{Args, Parser, Subcommand, ValueEnum};
use command_line::DeviceArgs;
use std::path::PathBuf;

/// Reinforce++ for vision-language models, with a standard evaluation scheme.
#[derive(Parser)]
#[command(name = "maye", version, about)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Subcommand)]
pub enum Command {
    /// Practise on problems whose answers can be judged: Reinforce++
    Train(TrainArgs),
    /// Learn from written solutions: the comparison arm
    Sft(TrainArgs),
    /// Ask a checkpoint at the three settings
    Eval(EvalArgs),
    /// Accuracies, lengths and reflection of one or several runs
    Report(ReportArgs),
    /// Judge one answer
    Judge(JudgeArgs),
    /// Read every row of a file and say which cannot be used
    CheckData(CheckArgs),
    /// Rows of a public data set in the layout of this system
    Import(ImportArgs),
    /// Draw geometry problems
    Toy(ToyArgs),
    /// Everything on a tiny model made from nothing, measured before and after
    Tiny(TinyArgs),
}

/// Arguments of `train` and `sft`.
#[derive(Args)]
pub struct TrainArgs {
    /// A recipe, or a configuration in the nested form of the publication
    #[arg(long, value_name = "FILE", required_unless_present = "data")]
    pub config: Option<PathBuf>,
    /// Data set by name: its files below `datasets`, and the published settings where there is no --config
    #[arg(long, value_enum)]
    pub data: Option<Data>,
    /// Model by name: its folder below `ckpts`
    #[arg(long, value_enum)]
    pub model: Option<Model>,
    /// Go on with an interrupted run: `latest`, or the path of one of its checkpoints
    #[arg(long, value_name = "latest|PATH")]
    pub resume: Option<String>,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Settings that replace those of the configuration; also eval_at_start, save_every_n_epochs, save_eval_files
    #[arg(value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
}

/// The data sets of the publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Data {
    /// 5000 problems of MM_Math, tested on MathVerse
    Mmmath,
    /// Geometry3K
    Geo3k,
    /// Problems that are drawn on the spot
    Toy,
}

/// The models of the publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// Qwen2.5-VL-7B-Instruct
    #[value(name = "2.5it")]
    Qwen25,
    /// Qwen2-VL-7B-Instruct
    #[value(name = "2it")]
    Qwen2,
}

/// Arguments of `eval`.
#[derive(Args)]
pub struct EvalArgs {
    /// The recipe or configuration of the run
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// A model folder, a checkpoint of a run, or an adapter
    #[arg(long, value_name = "DIR")]
    pub checkpoint: PathBuf,
    /// Which problems
    #[arg(long, value_enum)]
    pub split: AskedSplit,
    /// Folder for eval.json and the answers
    #[arg(long, value_name = "DIR", default_value = "maye-eval")]
    pub out: PathBuf,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Settings that replace those of the configuration
    #[arg(value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
}

/// Which problems are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AskedSplit {
    Validation,
    Test,
}

/// Arguments of `report`.
#[derive(Args)]
pub struct ReportArgs {
    /// Folders of runs of one kind, such as one for each seed
    #[arg(required = true, value_name = "RUN_DIR")]
    pub runs: Vec<PathBuf>,
    /// File for the numbers; the figures go beside it as report.html
    #[arg(long, value_name = "FILE", default_value = "report.json")]
    pub out: PathBuf,
}

/// Arguments of `judge`.
#[derive(Args)]
pub struct JudgeArgs {
    /// What a model wrote
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub prediction: String,
    /// What is right
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub solution: String,
    /// How far numbers may be from the solution
    #[arg(long, value_enum, default_value_t = Tolerance::Tolerant)]
    pub mode: Tolerance,
}

/// How far numbers may be from the solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tolerance {
    /// One in a hundred, and at most 0.0101
    Tolerant,
    /// One in a million
    Strict,
}

/// Arguments of `check-data`.
#[derive(Args)]
pub struct CheckArgs {
    /// Files of JSON lines
    #[arg(required = true, value_name = "FILE.jsonl")]
    pub files: Vec<PathBuf>,
}

/// Arguments of `import`.
#[derive(Args)]
pub struct ImportArgs {
    /// Layout of the source
    #[arg(long, value_enum)]
    pub from: Origin,
    /// Its file, or the folder of its parquet files
    #[arg(long, value_name = "PATH")]
    pub source: PathBuf,
    /// Folder that the source's image paths start from; its own folder when absent
    #[arg(long, value_name = "DIR")]
    pub images: Option<PathBuf>,
    /// File to write; pictures go to `img` beside it
    #[arg(long, value_name = "FILE.jsonl")]
    pub out: PathBuf,
}

/// Public data sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Origin {
    #[value(name = "geometry3k")]
    Geometry3k,
    #[value(name = "mm_math")]
    MmMath,
    #[value(name = "mathverse")]
    MathVerse,
}

/// Arguments of `toy`.
#[derive(Args)]
pub struct ToyArgs {
    /// Folder for toy_train.jsonl, toy_validation.jsonl, toy_test.jsonl and img
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Rows of the three files
    #[arg(long, num_args = 3, value_names = ["TRAIN", "VALIDATION", "TEST"], default_values_t = [64, 16, 16])]
    pub rows: Vec<u64>,
    /// Kinds of problems: hypotenuse, leg, area, perimeter, angle, square
    #[arg(long, num_args = 1.., value_name = "KIND")]
    pub kinds: Vec<String>,
    /// Shortest and longest side of a rectangle
    #[arg(long, num_args = 2, value_names = ["SHORTEST", "LONGEST"], default_values_t = [2, 12])]
    pub sides: Vec<u32>,
    /// Say the numbers of a picture in its question, too
    #[arg(long = "in-text")]
    pub in_text: bool,
    /// Of a hundred solutions, so many show their working
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, default_value_t = 0, default_missing_value = "100")]
    pub cot: u32,
    /// Seed of the problems
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
}

/// Arguments of `tiny`.
#[derive(Args)]
pub struct TinyArgs {
    /// Folder to make
    #[arg(long = "output_dir", value_name = "DIR", default_value = "maye-tiny")]
    pub output_dir: PathBuf,
    /// One run for each seed
    #[arg(long, num_args = 1.., value_name = "S", default_values_t = [1])]
    pub seeds: Vec<u64>,
}
