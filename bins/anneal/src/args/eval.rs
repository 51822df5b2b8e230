//! Arguments of `eval`.

use super::data::{BadRow, OpeningArgs};
use super::{MAX_ROWS, MAX_TOKENS};
use clap::Args;
use command_line::{DeviceArgs, ModelArgs, from_1_to, learned};
use std::path::PathBuf;

/// Arguments of `eval`.
#[derive(Args)]
pub struct EvalArgs {
    /// Folder of the model
    #[arg(long, value_name = "DIR", required_unless_present = "rescore")]
    pub model: Option<PathBuf>,
    /// Folder of a LoRA adapter for the model, a checkpoint of full fine-tuning, or a run, which stands for its newest
    /// checkpoint
    #[arg(long, value_name = "DIR", requires = "model", value_parser = learned())]
    pub adapter: Option<PathBuf>,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Name of the benchmark; a wrong one lists all
    #[arg(long, value_name = "NAME", required_unless_present = "rescore")]
    pub benchmark: Option<String>,
    /// Its rows: a file, or a folder of shards
    #[arg(long, value_name = "PATH", required_unless_present = "rescore")]
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub opening: OpeningArgs,
    /// Folder for predictions.jsonl, results.json and results.md; what is answered there already is not asked again
    #[arg(long, value_name = "DIR", required_unless_present = "rescore")]
    pub output: Option<PathBuf>,
    /// Ask everything afresh when the output is there already
    #[arg(long)]
    pub overwrite: bool,
    /// Ask only so many questions, spread evenly over their categories
    #[arg(long, value_name = "N", value_parser = from_1_to(usize::MAX as u64))]
    pub limit: Option<usize>,
    /// Longest answer in tokens; the benchmark's own number when absent
    #[arg(long, value_name = "N", value_parser = from_1_to(MAX_TOKENS))]
    pub max_new_tokens: Option<usize>,
    /// Questions that are asked together; the answers do not depend on it
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = from_1_to(MAX_ROWS))]
    pub batch_size: usize,
    /// What happens at a row that is no question
    #[arg(long, value_enum, default_value_t = BadRow::Stop)]
    pub on_bad_row: BadRow,
    /// Images are enlarged to at least so many pixels; the model folder's number when absent
    #[arg(long, value_name = "N")]
    pub min_pixels: Option<usize>,
    /// Images are reduced to at most so many pixels; the model folder's number when absent
    #[arg(long, value_name = "N")]
    pub max_pixels: Option<usize>,
    /// results.json of another run, to be compared with question by question
    #[arg(long, value_name = "results.json")]
    pub baseline: Option<PathBuf>,
    /// Score a log of predictions again, without a model; with --output the results are written there
    #[arg(long, value_name = "predictions.jsonl", conflicts_with_all = ["model", "benchmark", "data"])]
    pub rescore: Option<PathBuf>,
}

impl EvalArgs {
    /// The model that is asked, where there is one.
    pub fn asked(&self) -> Option<ModelArgs> {
        let (model, adapter, device) = (self.model.clone()?, self.adapter.clone(), self.device.clone());
        Some(ModelArgs { model, adapter, device })
    }
}
