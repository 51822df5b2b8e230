//! The settings that every stage has.

use super::report::{Report, Status};
use recipe::{Method, Recipe, Tuning};

/// Adapters that can learn, and batches that are not too small.
pub fn check(recipe: &Recipe, report: &mut Report) {
    match &recipe.tuning {
        Tuning::Full(_) => report.note("lora_config", Status::Skip, "all weights are trained"),
        Tuning::Adapter(lora) => {
            let (r, alpha, dropout) = (lora.lora_r.get(), lora.lora_alpha.get(), lora.lora_dropout.get());
            let usual = (8..=256).contains(&r) && alpha >= r as f64 / 4.0 && dropout <= 0.5;
            report.demand(
                "lora_config",
                usual,
                Status::Warn,
                format!("r {r}, alpha {alpha}, dropout {dropout}"),
            );
        }
    }
    if matches!(recipe.method, Method::Sft(_)) {
        let rows = recipe.optimiser.rows_per_step();
        report.demand("gradient_accumulation", rows >= 8, Status::Warn, format!("{rows} rows a step"));
    }
}
