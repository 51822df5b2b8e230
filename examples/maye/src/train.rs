//! The method, from a configuration to a trained model.
//!
//! ```text
//! for every epoch:
//!     for every generation of `rollout_batch_size` prompts:
//!         sample    one response a prompt, at temperature T
//!         judge     accuracy of the boxed answer, language, format; penalties for no end and for too few tokens
//!         consult   log-probabilities under the frozen start
//!         weigh     token rewards, discounted returns, whitened over the generation
//!         for every mini-batch: the clipped loss plus β·KL, one step of AdamW
//!     ask validation and test at three settings; note the training accuracy
//! ```
//!
//! With token rewards r, discount γ and all tokens of a generation as one population:
//!
//! ```text
//! rₜ = −β'·kₜ + [t is the last token]·score        kₜ = exp(refₜ − logpₜ) − (refₜ − logpₜ) − 1
//! Gₜ = rₜ + γ·Gₜ₊₁                                  A = (G − mean G) / √(var G + 10⁻⁸)
//! L  = mean over rows of mean over tokens of  max(−A·ρ, −A·clip(ρ, 1−ε, 1+ε)) + β·k        ρ = exp(new − old)
//! ```
//!
//! The four stages are four functions of the trainer's `online` module, returns and whitening are `rl_algos`'s
//! `ReinforcePp`, the judge is [`rewards::BoxedJudge`]. What is particular to this system is the [`Exam`] after every epoch.

use crate::args::TrainArgs;
use crate::check;
use crate::config::Config;
use crate::exam::Exam;
use crate::extras::Extras;
use burn::tensor::Device;
use command_line::{Outcome, device};
use recipe::{Kind, Recipe};
use trainer::session;
use vlm_model::Precision;

/// Runs `maye train` and, with answers to learn from in place of rewards, `maye sft`.
pub fn run(kind: Kind, args: &TrainArgs) -> Outcome {
    let config = Config::read(kind, args)?;
    let recipe = config.recipe()?;
    config.extras.check(&recipe)?;
    let (device, precision) = device::open(&args.device)?;
    check::before_training(&recipe)?;
    train(recipe, &config.extras, args.resume.as_deref(), &device, precision)?;
    Ok(())
}

/// Trains, and examines the model after every epoch.
pub fn train(
    recipe: Recipe,
    extras: &Extras,
    resume: Option<&str>,
    device: &Device,
    precision: Precision,
) -> Result<session::Outcome, Box<dyn std::error::Error>> {
    let session = command_line::open(recipe, resume, device, precision)?;
    let exam = Exam::open(&session, extras)?;
    command_line::run(session.with_companion(Box::new(exam)))
}
