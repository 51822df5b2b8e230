//! Accuracy after every epoch, over several runs.

use crate::near;
use eval::dynamics::epoch_report;

/// A run whose epochs are counted from 1.
fn run(accuracies: &[f64]) -> Vec<(u64, f64)> {
    (1..).zip(accuracies.iter().copied()).collect()
}

#[test]
fn runs_are_summed_up_by_their_mean_and_their_best_epoch() {
    let report = epoch_report(&[run(&[0.30, 0.40, 0.35]), run(&[0.20, 0.50, 0.30])]).unwrap();
    near(report.mean, 0.341_667);
    near(report.max, 0.45);
    near(report.std.unwrap(), 0.011_785);
    assert_eq!(report.vanilla, None);
}

#[test]
fn the_untrained_model_is_neither_in_the_mean_nor_the_best() {
    let with_start = |start: f64, rest: &[f64]| [vec![(0, start)], run(rest)].concat();
    let report = epoch_report(&[with_start(0.9, &[0.3, 0.4]), with_start(0.7, &[0.2, 0.4])]).unwrap();
    near(report.vanilla.unwrap(), 0.8);
    near(report.mean, 0.325);
    near(report.max, 0.4);
}
