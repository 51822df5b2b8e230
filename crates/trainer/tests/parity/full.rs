//! Every weight trained.

use crate::numbers::{assert_close, norm};
use crate::recorded::{CHECKPOINTS, base, json};
use crate::sft::{Rows, method};
use crate::update::one;
use serde::Deserialize;
use std::collections::BTreeMap;
use trainer::engine::train_only;
use trainer::methods::Batch;

#[derive(Deserialize)]
struct Recorded {
    batch: Rows,
    loss: f64,
    grad_norm: f64,
    weights: BTreeMap<String, Weight>,
}

#[derive(Deserialize)]
struct Weight {
    norm: f64,
    at: Vec<usize>,
    values: Vec<f64>,
}

/// The name in the files: they count the activation between the merger's two layers.
fn published(parameter: &str) -> String {
    parameter.replace("merger.mlp.1.", "merger.mlp.2.")
}

#[test]
fn the_gradient_of_every_weight_is_that_of_torch() {
    for checkpoint in CHECKPOINTS {
        let recorded: Recorded = json(checkpoint, "full.json");
        let model = train_only(base(checkpoint), |_| true);
        let order = &recorded.batch.rows;
        let batch = Batch { micro: order.len(), accumulation: 1 };
        let update = one(model.clone(), &mut method(checkpoint, order, &model, batch));
        assert_close(checkpoint, update.figure("loss"), recorded.loss, 1e-5 * recorded.loss);
        assert_close(checkpoint, update.figure("grad_norm"), recorded.grad_norm, 1e-4 * recorded.grad_norm);
        let ours: BTreeMap<String, Vec<f64>> =
            update.gradients().into_iter().map(|(name, numbers)| (published(&name), numbers)).collect();
        assert!(ours.keys().eq(recorded.weights.keys()), "{checkpoint}: other weights have gradients");
        for (name, expected) in &recorded.weights {
            let what = format!("{checkpoint} {name}");
            let found = &ours[name];
            assert_close(&what, norm(found.iter().copied()), expected.norm, 1e-4 * expected.norm);
            for (place, value) in expected.at.iter().zip(&expected.values) {
                assert_close(&what, found[*place], *value, 1e-4 * expected.norm);
            }
        }
    }
}
