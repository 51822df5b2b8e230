//! The bar of a training run.

use journal::printable;
use std::path::Path;
use trainer::engine::{Observer, Report};

/// A progress bar that shows what a method reports.
#[derive(Default)]
pub struct Bar {
    bar: Option<indicatif::ProgressBar>,
}

/// Figures worth a place in the bar, with their short names.
const SHOWN: [(&str, &str); 6] = [
    ("loss", "loss"),
    ("reward", "reward"),
    ("rewards/accuracies", "accuracy"),
    ("kl", "kl"),
    ("completions/mean_length", "length"),
    ("grad_norm", "grad"),
];

impl Observer for Bar {
    fn step(&mut self, report: &Report) {
        let bar = self.bar.get_or_insert_with(|| crate::progress::steps(report.steps, report.step));
        bar.set_position(report.step);
        let shown = SHOWN
            .iter()
            .filter_map(|(key, name)| report.figures.get(*key).map(|value| format!("{name} {value:.4}")));
        let tokens = report.figures.get("tokens").zip(report.figures.get("step_time"));
        let speed = tokens.map(|(tokens, seconds)| format!("{:.0} tokens/s", tokens / seconds));
        bar.set_message(shown.chain(speed).collect::<Vec<_>>().join("  "));
    }

    fn notice(&mut self, text: &str) {
        let text = printable(text);
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    fn saved(&mut self, _: u64, path: &Path) {
        tracing::info!(path = %path.display(), "saved");
    }

    fn evaluated(&mut self, record: &journal::EvalRecord) {
        let figures: Vec<String> =
            record.metrics.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
        self.notice(&format!("step {}: {}", record.step, figures.join("  ")));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
