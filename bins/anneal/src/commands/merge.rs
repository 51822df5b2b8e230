//! `anneal merge`: what a run has learned into the weights of its model.

use crate::args::MergeArgs;
use burn::tensor::Device;
use command_line::{Outcome, progress};
use std::path::Path;
use trainer::engine::TrainedWeights;
use vlm_model::weights::save_folder;
use vlm_model::{Precision, VlModel};

/// Runs the command.
pub fn run(args: &MergeArgs) -> Outcome {
    let bar = progress::spinner("merging");
    let said = if TrainedWeights::are_in(&args.adapter) {
        trained(&args.model, &args.adapter, &args.output)?
    } else {
        adapter(&args.model, &args.adapter, &args.output)?
    };
    bar.finish_and_clear();
    eprintln!("{said}");
    Ok(())
}

fn adapter(model: &Path, adapter: &Path, output: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let report = vlm_model::merge_folder(model, adapter, output)?;
    Ok(format!(
        "merged {} modules; taking the adapter out again would leave an error of {:.1e}, and the files round by {:.1e}",
        report.modules.len(),
        report.error,
        report.rounding
    ))
}

/// The weights of full fine-tuning replace those they grew from.
fn trained(model: &Path, checkpoint: &Path, output: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let start = VlModel::from_dir(model, &Device::flex(), Precision::F32)?;
    let saved = save_folder(&TrainedWeights::put_into(start, checkpoint)?, model, output)?;
    Ok(format!("wrote the trained weights; the files round by {:.1e}", saved.rounding))
}
