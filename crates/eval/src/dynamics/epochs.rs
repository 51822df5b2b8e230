//! Accuracy after every epoch.

use std::collections::BTreeMap;

use journal::EvalRecord;

use crate::stats::{mean, sample_std};

/// What a run measured after its epochs, by name: (epoch, value) in the order of epochs, the untrained model at 0. Records of
/// other stages than `epoch N` are left out, and of an epoch that was measured twice the later value counts.
///
/// ```
/// let record = |epoch: u64, accuracy| journal::EvalRecord {
///     stage: format!("epoch {epoch}"),
///     metrics: [("acc/Training Set Epoch Accuracy".to_owned(), accuracy)].into(),
///     ..journal::EvalRecord::default()
/// };
/// let curves = eval::dynamics::epoch_curves(&[record(2, 0.4), record(1, 0.3)]);
/// assert_eq!(curves["acc/Training Set Epoch Accuracy"], [(1, 0.3), (2, 0.4)]);
/// ```
pub fn epoch_curves(evals: &[EvalRecord]) -> BTreeMap<String, Vec<(u64, f64)>> {
    let mut curves: BTreeMap<&str, BTreeMap<u64, f64>> = BTreeMap::new();
    for eval in evals {
        let Some(epoch) = epoch(eval) else { continue };
        for (name, value) in &eval.metrics {
            curves.entry(name).or_default().insert(epoch, *value);
        }
    }
    curves.into_iter().map(|(name, curve)| (name.to_owned(), curve.into_iter().collect())).collect()
}

/// The epoch that a measurement was made after.
pub(crate) fn epoch(eval: &EvalRecord) -> Option<u64> {
    eval.stage.strip_prefix("epoch ")?.parse().ok()
}

/// Accuracies of several runs after every epoch, in one number each: the mean and the maximum over a run's epochs,
/// averaged over runs.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochReport {
    /// Accuracy before training (epoch 0), averaged over the runs that measured it.
    pub vanilla: Option<f64>,
    /// Mean over runs of the mean over epochs.
    pub mean: f64,
    /// Mean over runs of the best epoch.
    pub max: f64,
    /// Sample standard deviation of the runs' means; `None` for one run.
    pub std: Option<f64>,
}

/// Reports runs given as (epoch, accuracy) pairs; epoch 0 is the untrained model. `None` when no run has a trained epoch.
///
/// ```
/// let runs = [vec![(1, 0.30), (2, 0.40), (3, 0.35)], vec![(1, 0.20), (2, 0.50), (3, 0.30)]];
/// let report = eval::dynamics::epoch_report(&runs).unwrap();
/// assert!((report.mean - 0.341_667).abs() < 1e-6 && (report.max - 0.45).abs() < 1e-12);
/// assert!((report.std.unwrap() - 0.011_785).abs() < 1e-6);
/// ```
pub fn epoch_report(runs: &[Vec<(u64, f64)>]) -> Option<EpochReport> {
    let trained =
        |run: &Vec<(u64, f64)>| run.iter().filter(|(e, _)| *e > 0).map(|(_, a)| *a).collect::<Vec<_>>();
    let runs_trained: Vec<Vec<f64>> = runs.iter().map(trained).filter(|run| !run.is_empty()).collect();
    let means: Vec<f64> = runs_trained.iter().filter_map(|run| mean(run)).collect();
    let best: Vec<f64> =
        runs_trained.iter().map(|run| run.iter().copied().fold(f64::MIN, f64::max)).collect();
    let vanilla: Vec<f64> = runs.iter().flatten().filter(|(e, _)| *e == 0).map(|(_, a)| *a).collect();
    Some(EpochReport {
        vanilla: mean(&vanilla),
        mean: mean(&means)?,
        max: mean(&best)?,
        std: sample_std(&means),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_zero_is_the_untrained_model() {
        let report = epoch_report(&[vec![(0, 0.1), (1, 0.3)]]).unwrap();
        assert_eq!(report, EpochReport { vanilla: Some(0.1), mean: 0.3, max: 0.3, std: None });
        assert_eq!(epoch_report(&[vec![(0, 0.1)]]), None);
    }

    #[test]
    fn curves_hold_the_stages_that_are_epochs_and_later_measurements_win() {
        let record = |stage: &str, value| EvalRecord {
            stage: stage.to_owned(),
            metrics: [("acc".to_owned(), value)].into(),
            ..EvalRecord::default()
        };
        let records =
            [record("epoch 0", 0.1), record("sft", 0.9), record("epoch 10", 0.3), record("epoch 9", 0.2)];
        assert_eq!(epoch_curves(&records)["acc"], [(0, 0.1), (9, 0.2), (10, 0.3)]);
        let again = [record("epoch 1", 0.1), record("epoch 1", 0.2), record("epoch one", 0.3)];
        assert_eq!(epoch_curves(&again)["acc"], [(1, 0.2)]);
    }
}
