//! A recipe's optimiser and run sections as the engine's plan.

use crate::engine::{AdamWSettings, Decay, Plan, Schedule};
use recipe::{Duration, OptimiserSettings, Recipe};

/// The plan of a run whose epoch has so many updates.
pub fn plan(recipe: &Recipe, updates_per_epoch: f64) -> Plan {
    let Recipe { optimiser, run, .. } = recipe;
    let steps = match run.duration {
        Duration::Steps(steps) => steps.get() as u64,
        // A part of an update is an update: what is left of the data is not lost.
        Duration::Epochs(epochs) => (epochs.get() * updates_per_epoch).ceil().max(1.0) as u64,
    };
    let learning_rate = optimiser.learning_rate.get();
    Plan {
        steps,
        learning_rate,
        module_rates: optimiser.vit_lr.iter().map(|rate| ("visual.".to_owned(), rate.get())).collect(),
        schedule: schedule(optimiser, steps),
        optimiser: AdamWSettings {
            beta1: optimiser.adam_beta1.get(),
            beta2: optimiser.adam_beta2.get(),
            epsilon: optimiser.adam_epsilon.get(),
            weight_decay: optimiser.weight_decay.get(),
        },
        max_grad_norm: optimiser.max_grad_norm.map(|norm| norm.get()),
        seed: run.seed,
        logging_steps: run.logging_steps.get() as u64,
        save_steps: run.save_steps.map(|steps| steps.get() as u64),
        eval_steps: recipe
            .data
            .has_evaluation()
            .then(|| run.eval_steps.map_or(steps, |every| every.get() as u64)),
    }
}

fn schedule(optimiser: &OptimiserSettings, total: u64) -> Schedule {
    use recipe::Schedule as Named;
    let decay = match &optimiser.schedule {
        Named::Constant | Named::ConstantWithWarmup(_) => Decay::Constant,
        Named::Linear(_) => Decay::Linear,
        Named::Cosine(_) => Decay::Cosine { floor: 0.0 },
        Named::CosineWithMinLr(floor) => Decay::Cosine { floor: floor.min_lr_ratio.get() },
        Named::Polynomial(decay) => {
            let end = decay.lr_end.get() / optimiser.learning_rate.get();
            Decay::Polynomial { power: decay.lr_power.get(), end }
        }
        Named::InverseSqrt(_) => Decay::InverseSqrt,
    };
    Schedule { decay, warmup: optimiser.schedule.warmup().steps(total), total }
}
