//! Learning from given answers: supervised, and from pairs.

mod batch;
mod dpo;
mod preference_loss;
mod sft;

pub use batch::Batch;
pub use dpo::{Dpo, Pair, PairReference};
pub use preference_loss::PreferenceLoss;
pub use sft::{Sft, SupervisedLoss};

use journal::EvalRecord;

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
