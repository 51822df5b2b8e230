//! Stopping and going on changes nothing.

use crate::network::{Curve, numbers, plan, train};
use trainer::engine::{Ending, Files, Plan, RunError, Stop};

fn bits(files: &Files) -> Vec<(String, Vec<u8>)> {
    files.iter().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect()
}

#[test]
fn a_resumed_run_ends_in_the_same_bytes() {
    let (whole, memory) = train(&plan(20), &mut Curve::new(), None);
    let (_, half) = train(&Plan { save_steps: Some(7), ..plan(20) }, &mut Curve::new(), None);
    let steps: Vec<u64> = half.checkpoints.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [7, 14, 20]);
    for (_, checkpoint) in &half.checkpoints[..2] {
        let (resumed, rest) = train(&plan(20), &mut Curve::new(), Some(checkpoint));
        assert_eq!(numbers(&resumed.unwrap().model), numbers(&whole.as_ref().unwrap().model));
        let (mine, theirs) = (&rest.checkpoints[0].1, &memory.checkpoints[0].1);
        let without_times = |files: &Files| {
            bits(files).into_iter().filter(|(name, _)| name != "trainer_state.json").collect::<Vec<_>>()
        };
        assert_eq!(without_times(mine), without_times(theirs));
    }
}

#[test]
fn a_wish_to_stop_ends_the_run_with_a_checkpoint_after_the_step() {
    let stop = Stop::new();
    let mut method = Curve { stop_at: Some((5, stop.clone())), ..Curve::new() };
    let (stopped, memory) = train(&plan(20), &mut method, None);
    let stopped = stopped.unwrap();
    assert_eq!((stopped.ending, stopped.steps), (Ending::Stopped, 5));
    assert_eq!(memory.checkpoints.len(), 1);
    let (resumed, _) = train(&plan(20), &mut Curve::new(), Some(&memory.checkpoints[0].1));
    let (whole, _) = train(&plan(20), &mut Curve::new(), None);
    assert_eq!(numbers(&resumed.unwrap().model), numbers(&whole.unwrap().model));
}

#[test]
fn a_checkpoint_of_another_model_is_refused_by_name() {
    let (_, memory) = train(&plan(3), &mut Curve::new(), None);
    let mut files = memory.checkpoints[0].1.clone();
    let mut tensors = files.tensors("trained.safetensors").unwrap();
    let bias = tensors.remove("bias").unwrap();
    files.insert_tensors("trained.safetensors", &tensors).unwrap();
    let refused = |files: &Files| match train(&plan(5), &mut Curve::new(), Some(files)).0 {
        Err(RunError::Resume(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(refused(&files).contains("bias"));
    tensors.insert("bias".into(), bias.clone());
    tensors.insert("other".into(), bias);
    files.insert_tensors("trained.safetensors", &tensors).unwrap();
    assert!(refused(&files).contains("other"));
    assert!(refused(&Files::default()).contains("trained.safetensors"));
}
