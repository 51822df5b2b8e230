//! `anneal merge`: an adapter into the weights of its model.

use crate::args::MergeArgs;
use command_line::{Outcome, progress};

/// Runs the command.
pub fn run(args: &MergeArgs) -> Outcome {
    let bar = progress::spinner("merging");
    let report = vlm_model::merge_folder(&args.model, &args.adapter, &args.output)?;
    bar.finish_and_clear();
    eprintln!(
        "merged {} modules; taking the adapter out again would leave an error of {:.1e}, and the files round by {:.1e}",
        report.modules.len(),
        report.error,
        report.rounding
    );
    Ok(())
}
