//! Stopping and going on changes nothing.

use crate::network::{Curve, Network, numbers, plan, train, train_with};
use journal::{EvalRecord, RolloutRecord};
use trainer::engine::{Abandoned, Companion, Ending, Failure, Files, Metrics, Plan, RunError, Stop};

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
fn a_run_that_its_rows_end_keeps_what_it_has_learned() {
    let broken = |step| Curve { broken: Some(step), ..Curve::new() };
    let (ended, memory) = train(&plan(20), &mut broken(5), None);
    let told = ended.unwrap_err().to_string();
    assert!(told.starts_with("step 6: row 9 is broken") && told.contains("up to step 5 is saved"), "{told}");
    let (resumed, _) = train(&plan(20), &mut Curve::new(), Some(&memory.checkpoints[0].1));
    let (whole, _) = train(&plan(20), &mut Curve::new(), None);
    assert_eq!(numbers(&resumed.unwrap().model), numbers(&whole.unwrap().model));

    let (ended, memory) = train(&plan(20), &mut broken(0), None);
    assert!(matches!(ended, Err(RunError::Method { step: 1, .. })), "nothing was learned");
    assert!(memory.checkpoints.is_empty());
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

/// Measures every fifth step; gives up once at one of them.
#[derive(Default)]
struct Examiner {
    gives_up_at: Option<u64>,
}

impl Companion<Network> for Examiner {
    fn annotate(&mut self, step: u64, figures: &mut Metrics, _: &[RolloutRecord]) {
        figures.mean("examiner/step", step as f64);
    }

    fn is_due(&self, step: u64) -> bool {
        step.is_multiple_of(5)
    }

    fn measure(&mut self, model: &Network, step: u64, stop: &Stop) -> Result<Vec<EvalRecord>, Failure> {
        if self.gives_up_at == Some(step) {
            stop.request();
            return Err(Abandoned.into());
        }
        let metrics = [("bias".to_owned(), f64::from(numbers(model)[16]))].into();
        let (stage, name, wrong) = ("test".to_owned(), "bias".to_owned(), Vec::new());
        Ok(vec![EvalRecord { step, stage, name, metrics, wrong }])
    }
}

#[test]
fn a_companion_measures_before_the_first_step_and_when_due_and_adds_figures() {
    let (_, memory) = train_with(&plan(10), &mut Curve::new(), None, &mut Examiner::default());
    let steps: Vec<u64> = memory.evaluations.iter().map(|record| record.step).collect();
    assert_eq!(steps, [0, 5, 10]);
    assert_eq!(memory.lines[0].1["examiner/step"], 2.5, "the mean over steps 1 to 4");
}

#[test]
fn a_measurement_that_is_given_up_is_made_when_the_run_goes_on() {
    let (_, whole) = train_with(&plan(10), &mut Curve::new(), None, &mut Examiner::default());
    for step in [0, 5, 10] {
        let mut impatient = Examiner { gives_up_at: Some(step) };
        let (stopped, before) = train_with(&plan(10), &mut Curve::new(), None, &mut impatient);
        let stopped = stopped.unwrap();
        assert_eq!((stopped.ending, stopped.steps), (Ending::Stopped, step));
        let from = Some(&before.checkpoints.last().unwrap().1);
        let (_, after) = train_with(&plan(10), &mut Curve::new(), from, &mut Examiner::default());
        assert_eq!([before.evaluations, after.evaluations].concat(), whole.evaluations);
    }
}
