//! `anneal sft`, `dpo`, `grpo`, `reinforce`: a recipe in, a trained adapter out.

use crate::args::TrainArgs;
use command_line::{Dtype, Outcome, device};
use recipe::{Kind, Recipe};
use trainer::session::precision;
use vlm_model::Precision;

/// `--dtype` asks for what training does not do.
#[derive(Debug, thiserror::Error)]
enum Unsuited {
    #[error("--dtype: full fine-tuning holds the weights that it trains in float32; leave the flag out")]
    Full,
    #[error("--dtype: gradients overflow in float16; leave the flag out, or give bfloat16")]
    Half,
}

/// Runs the command.
pub fn run(kind: Kind, args: &TrainArgs) -> Outcome {
    let recipe = Recipe::load(kind, &args.recipe, &args.overrides())?;
    let (device, asked) = device::open(&args.device)?;
    if asked == Precision::F16 {
        return Err(Unsuited::Half.into());
    }
    if args.device.dtype != Dtype::Auto && precision(&recipe, asked) != asked {
        return Err(Unsuited::Full.into());
    }
    command_line::train(recipe, args.resume.as_deref(), &device, asked)?;
    Ok(())
}
