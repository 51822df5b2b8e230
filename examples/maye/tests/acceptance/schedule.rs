//! How many updates a run makes, at which learning rate, and which batches cannot be shared out.

use crate::near;
use crate::workplace::rows_of_text;
use burn::tensor::Device;
use recipe::{Kind, Method, Problem, Recipe, RecipeError};
use std::path::Path;
use trainer::data::{Examples, WholeBatches};
use trainer::engine::{Failure, Plan};
use trainer::online::Rhythm;
use trainer::session::{Session, SessionError, StartFrom, plan};
use vlm_model::Precision;

/// The published recipe with changes.
fn recipe(changes: &[&str]) -> Result<Recipe, RecipeError> {
    let text = "model_name_or_path: model\ndatasets: rows.jsonl\noutput_dir: out\nreward_funcs: maye\n";
    let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
    Recipe::parse(Kind::Reinforce, text, Path::new(""), &changes)
}

/// As many rows as there are, all alike.
struct Rows(u64);

impl Examples for Rows {
    type Item = ();

    fn epoch_len(&self) -> u64 {
        self.0
    }

    fn get(&self, _: u64) -> Result<(), Failure> {
        Ok(())
    }
}

/// Generations of an epoch and in all, and the plan, with the seven devices' batches of 128 and updates of 4 as one of each.
fn published(rows: u64, epochs: u32) -> (u64, u64, Plan) {
    let changes = [
        "rollout_batch_size=896",
        "per_device_train_batch_size=14",
        "gradient_accumulation_steps=2",
        &format!("num_train_epochs={epochs}"),
    ];
    let recipe = recipe(&changes).unwrap();
    let Method::Reinforce(reinforce) = &recipe.method else { panic!("another method") };
    let batch = reinforce.rollout_batch_size.get();
    let updates = reinforce.steps_per_generation(&recipe.optimiser);
    let rhythm = Rhythm { completions: 1, prompts: batch / updates, updates, passes: 1, micro: 14 };
    let kept = WholeBatches::new(Rows(rows), batch).epoch_len();
    let plan = plan(&recipe, rhythm.updates_of(kept));
    (kept / batch as u64, plan.steps / updates as u64, plan)
}

#[test]
fn the_published_runs_have_the_published_number_of_steps() {
    let (of_epoch, in_all, plan) = published(5000, 30);
    assert_eq!((of_epoch, in_all, plan.steps), (5, 150, 4800));
    let (of_epoch, in_all, plan) = published(2101, 50);
    assert_eq!((of_epoch, in_all, plan.steps), (2, 100, 3200));
}

#[test]
fn the_learning_rate_rises_for_a_tenth_of_the_run_and_falls_to_nothing() {
    let (.., plan) = published(5000, 30);
    assert_eq!((plan.schedule.warmup, plan.schedule.total), (480, 4800));
    for (step, expected) in [(240, 2.5e-6), (480, 5e-6), (2640, 2.5e-6), (4800, 0.0)] {
        near(1e6 * plan.learning_rate * plan.schedule.factor(step), 1e6 * expected);
    }
}

#[test]
fn a_batch_that_updates_cannot_share_out_is_refused_with_both_numbers() {
    let error = recipe(&["rollout_batch_size=128", "per_device_train_batch_size=3"]).unwrap_err();
    assert_eq!((error.problem(), error.key()), (Problem::Conflict, Some("rollout_batch_size")));
    let text = error.to_string();
    assert!(text.contains("found 128") && text.contains("a multiple of the 6 rows"), "{text}");
}

#[test]
fn rows_that_fill_no_batch_are_refused_with_both_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let (model, rows) = rows_of_text(folder.path(), 100);
    let out = folder.path().join("out");
    let set = |key: &str, path: &Path| format!("{key}={}", path.display());
    let changes = [set("model_name_or_path", &model), set("datasets", &rows), set("output_dir", &out)];
    let [model, rows, out] = &changes;
    let recipe = recipe(&[model, rows, out, "rollout_batch_size=128"]).unwrap();
    let device = Device::flex().autodiff();
    let session = Session::open(recipe, &StartFrom::Beginning, &device, Precision::Stored).unwrap();
    let error = session.updates_per_epoch().unwrap_err();
    assert!(matches!(error, SessionError::NoGeneration { rows: 100, batch: 128 }), "{error}");
    let text = error.to_string();
    assert!(text.contains("found 100 rows for generations of 128"), "{text}");
}
