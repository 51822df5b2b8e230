//! `anneal sft`, `dpo`, `grpo`, `reinforce`: a recipe in, a trained adapter out.

use crate::args::TrainArgs;
use command_line::{Dtype, Outcome, device};
use recipe::{Kind, Recipe};
use trainer::session::precision;
use vlm_model::Precision;

/// `--dtype` asks for what training does not do.
#[derive(Debug, thiserror::Error)]
#[error(
    "--dtype: this run holds the model's weights in {}: frozen ones in what suits the device, trained ones in float32; \
     leave the flag out",
    .held.name()
)]
struct Unsuited {
    held: Precision,
}

/// Runs the command.
pub fn run(kind: Kind, args: &TrainArgs) -> Outcome {
    let recipe = Recipe::load(kind, &args.recipe, &args.overrides())?;
    let (device, asked) = device::open(&args.device)?;
    let held = precision(&recipe, &device);
    if args.device.dtype != Dtype::Auto && asked.dtype() != held.dtype() {
        return Err(Unsuited { held }.into());
    }
    command_line::train(recipe, args.resume.as_deref(), &device)?;
    Ok(())
}
