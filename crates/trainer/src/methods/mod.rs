//! Learning from given answers: supervised, and from pairs.

mod batch;
mod dpo;
mod preference_loss;
mod sft;

pub use batch::Batch;
pub use dpo::{Dpo, Pair, PairReference};
pub use preference_loss::PreferenceLoss;
pub use sft::{Sft, SupervisedLoss};

use crate::data::Stream;
use crate::engine::{Failure, Step};
use journal::EvalRecord;

/// The next examples of the epoch; those that were skipped are told.
pub(crate) fn take<T: Send + 'static>(
    data: &mut Stream<T>,
    n: usize,
    step: &mut Step,
) -> Result<Vec<T>, Failure> {
    let taken = data.take_of_epoch(n)?;
    tell_skipped(data, step);
    Ok(taken)
}

/// Counts skipped rows and says which they were.
pub(crate) fn tell_skipped<T: Send + 'static>(data: &mut Stream<T>, step: &mut Step) {
    for text in data.take_skipped() {
        step.metrics().count("skipped_rows", 1.0);
        step.notice(format!("skipped: {text}"));
    }
}

/// Figures of a stage on held-out data.
pub(crate) fn record(step: u64, stage: &str, metrics: &[(&str, f64)]) -> EvalRecord {
    EvalRecord {
        step,
        stage: stage.to_owned(),
        name: "held-out".to_owned(),
        metrics: metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        wrong: Vec::new(),
    }
}
