//! Arguments of `data`.

use super::from_1_to;
use clap::{Args, Subcommand, ValueEnum};
use datasets::{BadRowPolicy, Format, OpenOptions, OutLayout, UnknownLayout};
use std::path::PathBuf;

/// Arguments of `data`.
#[derive(Args)]
pub struct DataArgs {
    #[command(subcommand)]
    pub command: DataCommand,
}

/// What is done with data.
#[derive(Subcommand)]
pub enum DataCommand {
    /// Say what is in a file or folder: layout, fields, lengths, pictures, broken rows
    Inspect(InspectArgs),
    /// Write the rows in another layout
    Convert(ConvertArgs),
    /// Draw scenes of shapes with questions whose answers are known
    Synth(SynthArgs),
}

/// A file or folder of rows.
#[derive(Args)]
pub struct SourceArgs {
    /// A file of rows, or a folder of shards
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    #[command(flatten)]
    pub opening: OpeningArgs,
}

/// How rows are read.
#[derive(Args)]
pub struct OpeningArgs {
    /// Layout of the rows; auto recognises it
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub format: String,
    /// Folder that image paths start from; the file's own when absent
    #[arg(long, value_name = "DIR")]
    pub images: Option<PathBuf>,
    /// Part of a folder with several, such as train
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
    /// Read only the first rows
    #[arg(long, value_name = "N")]
    pub max_samples: Option<u64>,
}

impl OpeningArgs {
    /// The same for the library.
    pub fn options(&self) -> Result<OpenOptions, UnknownLayout> {
        let format: Format = self.format.parse()?;
        let (images, split) = (self.images.clone(), self.split.clone());
        Ok(OpenOptions { format, images, split, max_samples: self.max_samples })
    }
}

/// What happens at a row that cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BadRow {
    /// Everything ends with the row's place and what is wrong with it
    Stop,
    /// It is left out and counted; more than one row in a hundred, rounded up, ends everything
    Skip,
}

impl BadRow {
    /// The same for the library.
    pub fn policy(self) -> BadRowPolicy {
        match self {
            Self::Stop => BadRowPolicy::default(),
            Self::Skip => BadRowPolicy::skip(),
        }
    }
}

/// Arguments of `data inspect`.
#[derive(Args)]
pub struct InspectArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// Model folder whose tokenizer counts tokens
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// Pictures to decode, spread over the rows
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub decode: u64,
    /// Also write a page with the same, and rows beside their pictures
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Arguments of `data convert`.
#[derive(Args)]
pub struct ConvertArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// messages, sharegpt, preference, prompt or easyr1
    #[arg(long, value_name = "LAYOUT", value_parser = str::parse::<OutLayout>)]
    pub to: OutLayout,
    /// A new file: .parquet holds its pictures, .jsonl has them in a folder beside it
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// What happens at a row that cannot be used
    #[arg(long, value_enum, default_value_t = BadRow::Stop)]
    pub on_bad_row: BadRow,
}

/// Arguments of `data synth`.
#[derive(Args)]
pub struct SynthArgs {
    /// Folder for NAME.jsonl of every split, and images
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// Seed of the scenes
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// What the scenes look like
    #[arg(long, value_enum, default_value_t = Scenes::Standard)]
    pub scenes: Scenes,
    /// Width and height of a picture in pixels
    #[arg(long, value_name = "PIXELS")]
    pub size: Option<u32>,
    /// The splits to draw, such as sft,test; all when absent
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub splits: Vec<String>,
    /// Rows of a split; the split's own number when absent
    #[arg(long, value_name = "N", value_parser = from_1_to(10_000_000))]
    pub rows: Option<usize>,
}

/// What synthetic scenes look like.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenes {
    /// Many colours and shapes of two sizes, anywhere on 224 x 224 pixels
    Standard,
    /// A few large shapes on a grid, for tiny models
    Small,
}
