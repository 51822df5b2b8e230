//! Losses that are no numbers.

use crate::network::{Curve, Network, numbers, plan, train};
use trainer::engine::{Plan, RunError};

#[test]
fn a_spoiled_step_leaves_the_weights_alone_and_is_counted() {
    let (trained, memory) = train(&plan(1), &mut Curve { spoil: vec![0], ..Curve::new() }, None);
    assert_eq!(numbers(&trained.unwrap().model), numbers(&Network::new()));
    assert_eq!(memory.lines[0].1["skipped_steps"], 1.0);
    assert!(!memory.lines[0].1.contains_key("loss"), "a loss nobody computed is absent");
}

#[test]
fn five_spoiled_steps_in_a_row_end_the_run_four_do_not() {
    let spoil = |steps: std::ops::Range<u64>| Curve { spoil: steps.collect(), ..Curve::new() };
    assert!(train(&plan(12), &mut spoil(2..6), None).0.is_ok());
    let saving = Plan { save_steps: Some(1), ..plan(12) };
    let (failed, memory) = train(&saving, &mut spoil(2..7), None);
    assert!(matches!(failed, Err(RunError::Diverged { step: 7, .. })), "{failed:?}");
    assert_eq!(memory.checkpoints.len(), 6, "the step that ends the run is not saved");
}
