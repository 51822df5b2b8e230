//! The bar of a training run; lines where there is no terminal to draw it on.

use journal::printable;
use std::path::Path;
use trainer::engine::{Observer, Report};

/// A progress bar that shows what a method reports. Where standard error is no terminal, every line of the log is a line there.
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
        let tokens = report.figures.get("tokens").zip(report.figures.get("step_time"));
        let speed = tokens.map(|(tokens, seconds)| format!("{:.0} tokens/s", tokens / seconds));
        bar.set_message(shown(report).chain(speed).collect::<Vec<_>>().join("  "));
    }

    fn logged(&mut self, report: &Report) {
        if self.bar.as_ref().is_none_or(indicatif::ProgressBar::is_hidden) {
            eprintln!("{}", line(report));
        }
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

fn shown<'a>(report: &'a Report) -> impl Iterator<Item = String> + 'a {
    let figure = |(key, name): &(&str, &str)| Some(format!("{name} {:.4}", report.figures.get(*key)?));
    SHOWN.iter().filter_map(figure)
}

/// The figures of a line of the log, in one line.
fn line(report: &Report) -> String {
    let place = [format!("step {}/{}", report.step, report.steps), format!("epoch {:.2}", report.epoch)];
    let rate = report.figures.get("learning_rate").map(|rate| format!("lr {rate:.2e}"));
    let speed = report.figures.get("tokens_per_second").map(|speed| format!("{speed:.0} tokens/s"));
    place.into_iter().chain(shown(report)).chain(rate).chain(speed).collect::<Vec<_>>().join("  ")
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_where_the_run_is_and_what_matters() {
        let figures =
            [("loss", 0.5), ("learning_rate", 2e-5), ("step_time", 3.0), ("tokens_per_second", 71.6)];
        let figures = figures.map(|(name, value)| (name.to_owned(), value)).into();
        let said = line(&Report { step: 20, steps: 100, epoch: 0.4, figures: &figures });
        assert_eq!(said, "step 20/100  epoch 0.40  loss 0.5000  lr 2.00e-5  72 tokens/s");
    }
}
