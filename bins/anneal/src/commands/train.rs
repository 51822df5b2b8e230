//! `anneal sft`, `dpo`, `grpo`, `reinforce`: a recipe in, a trained adapter out.

use crate::args::TrainArgs;
use command_line::{Outcome, device};
use recipe::{Kind, Recipe};

/// Runs the command.
pub fn run(kind: Kind, args: &TrainArgs) -> Outcome {
    let recipe = Recipe::load(kind, &args.recipe, &args.set)?;
    let (device, _) = device::open(&args.device)?;
    command_line::train(recipe, args.resume.as_deref(), &device)?;
    Ok(())
}
