//! A stage, from its configuration to the folder that the next stage takes.
//!
//! ```text
//! model ── SFT ──> adapter ── folded ──> model' ── DPO ──> adapter ── folded ──> model'' ── GRPO ──> adapter
//!          answers                        better and worse answers                prompts, rewards
//! ```
//!
//! SFT minimises the cross-entropy of the answers' tokens. DPO compares the policy π with its start, the reference:
//! −ln σ(β·[ln π(chosen)/ref(chosen) − ln π(rejected)/ref(rejected)]). GRPO draws G answers to each prompt, rewards what
//! they say of relations, counts and distances, and moves π towards the better ones of a group:
//! −min(ρA, clip(ρ)A) with A = (r − mean)/(std + 10⁻⁴). The losses are `rl_algos`, the rewards `rewards::spatial`, the
//! loop is the trainer's.

use crate::args::StageArgs;
use crate::config::Config;
use crate::lineage::{Lineage, Mismatch};
use crate::rehearsal;
use command_line::{Outcome, device};
use recipe::{Count, Kind, Recipe, Tuning};
use vlm_model::Precision;
use vlm_model::weights::save_folder;

/// Runs a stage.
pub fn run(kind: Kind, args: &StageArgs) -> Outcome {
    let config = Config::read(kind, args)?;
    let mut recipe = config.recipe()?;
    limit(&mut recipe, args.max_samples.or(config.debug_rows));
    if args.local {
        return rehearsal::run(recipe, args);
    }
    let (device, precision) = device::open(&args.device)?;
    let lineage = match &config.before {
        None => Lineage::first(&recipe.model.model_name_or_path)?,
        Some(before) => {
            let mismatch = if args.allow_base_mismatch { Mismatch::Allow } else { Mismatch::Refuse };
            Lineage::after(before, config.start, mismatch, &mut recipe)?
        }
    };
    train(recipe, &lineage, args.resume.as_deref(), &device, precision)?;
    Ok(())
}

/// Trains, and leaves the folder as the next stage wants it.
pub fn train(
    recipe: Recipe,
    lineage: &Lineage,
    resume: Option<&str>,
    device: &burn::tensor::Device,
    precision: Precision,
) -> Result<vlm_model::VlModel, Box<dyn std::error::Error>> {
    let out = recipe.run.output_dir.clone();
    let dense = matches!(recipe.tuning, Tuning::Full(_));
    let outcome = command_line::train(recipe, resume, device, precision)?;
    let model = Lineage::dense(&out);
    if dense && !model.is_dir() {
        save_folder(&outcome.model, &lineage.base, &model)?;
    }
    lineage.finish(&out, &out.join(format!("checkpoint-{}", outcome.steps)))?;
    Ok(outcome.model)
}

/// Only the first rows of each set.
fn limit(recipe: &mut Recipe, rows: Option<usize>) {
    let Some(rows) = rows.and_then(|rows| Count::new(rows as u32)) else { return };
    for set in &mut recipe.data.datasets {
        set.max_samples = Some(set.max_samples.map_or(rows, |most| most.min(rows)));
    }
}
