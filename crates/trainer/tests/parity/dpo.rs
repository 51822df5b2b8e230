//! DPO: one batch of pairs, with a frozen adapter and with the bare model as the reference.

use crate::numbers::{Gradients, assert_close};
use crate::recorded::{CHECKPOINTS, adapted, json, stream};
use crate::update::{Watched, one};
use burn::module::Module;
use rl_algos::{Fraction, Positive};
use serde::Deserialize;
use std::collections::BTreeMap;
use trainer::Sight;
use trainer::methods::{Batch, Dpo, PairReference, PreferenceLoss};
use trainer::session::Pairs;
use vlm_model::{Activations, VlModel};

#[derive(Deserialize)]
struct Recorded {
    batch: Rows,
    variants: BTreeMap<String, Variant>,
}

#[derive(Deserialize)]
struct Rows {
    rows: Vec<String>,
    chosen_input_ids: Vec<Vec<u32>>,
    chosen_labels: Vec<Vec<usize>>,
    rejected_input_ids: Vec<Vec<u32>>,
    rejected_labels: Vec<Vec<usize>>,
}

#[derive(Deserialize)]
struct Variant {
    adapter: String,
    reference: Option<String>,
    beta: f64,
    loss: f64,
    rewards_chosen: Vec<f64>,
    rewards_rejected: Vec<f64>,
    logps_chosen: Vec<f64>,
    logps_rejected: Vec<f64>,
    #[serde(flatten)]
    gradients: Gradients,
}

fn update(
    checkpoint: &str,
    order: &[String],
    variant: &Variant,
    batch: Batch,
    activations: Activations,
) -> Watched {
    let model = adapted(checkpoint, &variant.adapter);
    let mut dpo = method(checkpoint, order, &model, batch);
    dpo.beta = Positive::new(variant.beta).unwrap();
    dpo.activations = activations;
    if let Some(folder) = &variant.reference {
        dpo.reference = PairReference::Start(Box::new(adapted(checkpoint, folder).valid()));
    }
    one(model, &mut dpo)
}

/// DPO on pairs of these names, with the bare model as the reference.
pub fn method(checkpoint: &str, order: &[String], model: &VlModel, batch: Batch) -> Dpo {
    Dpo {
        data: stream(checkpoint, "preferences.jsonl", order, Pairs),
        batch,
        beta: Positive::new(0.1).unwrap(),
        losses: vec![(PreferenceLoss::Sigmoid(Fraction::ZERO), 1.0)],
        tail_weight: None,
        reference: PairReference::Base,
        sight: Sight::of(model),
        activations: Activations::Kept,
        held_out: None,
    }
}

#[test]
fn recorded_pairs_have_the_recorded_tokens() {
    for checkpoint in CHECKPOINTS {
        let Rows { rows, chosen_input_ids, chosen_labels, rejected_input_ids, rejected_labels } =
            json::<Recorded>(checkpoint, "dpo.json").batch;
        let pairs = stream(checkpoint, "preferences.jsonl", &rows, Pairs).take(rows.len()).unwrap();
        for (index, pair) in pairs.iter().enumerate() {
            let start = pair.prompt.ids.len();
            for (answer, ids, labels) in [
                (&pair.chosen, &chosen_input_ids[index], &chosen_labels[index]),
                (&pair.rejected, &rejected_input_ids[index], &rejected_labels[index]),
            ] {
                assert_eq!([pair.prompt.ids.as_slice(), answer].concat(), *ids);
                assert_eq!((start..ids.len()).collect::<Vec<_>>(), *labels);
            }
        }
    }
}

#[test]
fn loss_rewards_and_gradient_are_those_of_trl_however_the_batch_is_split() {
    for checkpoint in CHECKPOINTS {
        let recorded: Recorded = json(checkpoint, "dpo.json");
        for (name, variant) in &recorded.variants {
            // Thirty: the three pairs again and again, in shares that run side by side.
            for (micro, accumulation, activations) in
                [(3, 1, Activations::Kept), (1, 3, Activations::Recomputed), (30, 1, Activations::Recomputed)]
            {
                let batch = Batch { micro, accumulation };
                let what = format!("{checkpoint} {name} {batch:?}");
                let update = update(checkpoint, &recorded.batch.rows, variant, batch, activations);
                assert_close(&what, update.figure("loss"), variant.loss, 2e-5);
                for (figure, values) in [
                    ("rewards/chosen", &variant.rewards_chosen),
                    ("rewards/rejected", &variant.rewards_rejected),
                    ("logps/chosen", &variant.logps_chosen),
                    ("logps/rejected", &variant.logps_rejected),
                ] {
                    let mean = values.iter().sum::<f64>() / values.len() as f64;
                    assert_close(
                        &format!("{what} {figure}"),
                        update.figure(figure),
                        mean,
                        1e-5 * mean.abs().max(1.0),
                    );
                }
                variant.gradients.check(&what, checkpoint, &update.adapter_gradients(), 1e-4);
            }
        }
    }
}

#[test]
fn every_pair_has_the_recorded_rewards() {
    for checkpoint in CHECKPOINTS {
        let recorded: Recorded = json(checkpoint, "dpo.json");
        for (name, variant) in &recorded.variants {
            for (index, row) in recorded.batch.rows.iter().enumerate() {
                let batch = Batch { micro: 1, accumulation: 1 };
                let update = update(checkpoint, std::slice::from_ref(row), variant, batch, Activations::Kept);
                for (figure, expected) in [
                    ("rewards/chosen", &variant.rewards_chosen),
                    ("rewards/rejected", &variant.rewards_rejected),
                ] {
                    let what = format!("{checkpoint} {name} {row}: {figure}");
                    assert_close(&what, update.figure(figure), expected[index], 2e-5);
                }
            }
        }
    }
}
