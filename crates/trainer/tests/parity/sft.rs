//! Supervised fine-tuning: one batch, every kind of adapter.

use crate::numbers::{Gradients, Tensors, assert_close, assert_tensors};
use crate::recorded::{CHECKPOINTS, adapted, json, stream};
use crate::update::one;
use serde::Deserialize;
use std::collections::BTreeMap;
use trainer::Sight;
use trainer::methods::{Batch, Sft, SupervisedLoss};
use trainer::session::{Conversations, Labels};
use vlm_model::{Activations, VlModel};

/// The recorded rows as they must be tokenised and labelled.
#[derive(Deserialize)]
pub struct Rows {
    pub rows: Vec<String>,
    input_ids: Vec<Vec<u32>>,
    labels: Vec<Vec<usize>>,
    label_tokens: usize,
}

#[derive(Deserialize)]
struct Recorded {
    batch: Rows,
    variants: BTreeMap<String, Variant>,
}

#[derive(Deserialize)]
struct Variant {
    adapter: String,
    loss: f64,
    #[serde(flatten)]
    gradients: Gradients,
}

/// SFT on rows of these names.
pub fn method(checkpoint: &str, order: &[String], model: &VlModel, batch: Batch) -> Sft {
    let conversations = |prepared| Conversations(prepared, Labels::Assistant);
    Sft {
        data: stream(checkpoint, "supervised.jsonl", order, conversations),
        batch,
        packing: None,
        loss: SupervisedLoss::Nll,
        sight: Sight::of(model),
        activations: Activations::Kept,
        held_out: None,
    }
}

#[test]
fn recorded_conversations_have_the_recorded_tokens_and_labels() {
    for checkpoint in CHECKPOINTS {
        let Rows { rows, input_ids, labels, label_tokens } = json::<Recorded>(checkpoint, "sft.json").batch;
        let conversations = |prepared| Conversations(prepared, Labels::Assistant);
        let found = stream(checkpoint, "supervised.jsonl", &rows, conversations).take(rows.len()).unwrap();
        let mut counted = 0;
        for ((row, ids), labels) in found.iter().zip(&input_ids).zip(&labels) {
            assert_eq!(row.prompt.ids, *ids);
            let learned: Vec<usize> = row.spans.iter().cloned().flatten().collect();
            assert_eq!(learned, *labels);
            counted += learned.len();
        }
        assert_eq!(counted, label_tokens);
    }
}

#[test]
fn loss_and_gradient_of_a_batch_are_those_of_peft_for_every_kind_of_adapter() {
    for checkpoint in CHECKPOINTS {
        let recorded: Recorded = json(checkpoint, "sft.json");
        for (name, variant) in &recorded.variants {
            let what = format!("{checkpoint} {name}");
            // Thirty: the three rows again and again, in shares that run side by side.
            for (micro, activations) in
                [(3, Activations::Kept), (3, Activations::Recomputed), (30, Activations::Kept)]
            {
                let model = adapted(checkpoint, &variant.adapter);
                let batch = Batch { micro, accumulation: 1 };
                let mut sft = method(checkpoint, &recorded.batch.rows, &model, batch);
                sft.activations = activations;
                let update = one(model, &mut sft);
                let what = format!("{what}, {micro} rows, {activations:?}");
                assert_close(&what, update.figure("loss"), variant.loss, 1e-5 * variant.loss);
                variant.gradients.check(&what, checkpoint, &update.adapter_gradients(), 1e-4);
            }
        }
    }
}

#[test]
fn packed_rows_teach_what_single_rows_teach() {
    for checkpoint in CHECKPOINTS {
        let recorded: Recorded = json(checkpoint, "sft.json");
        for (name, variant) in &recorded.variants {
            let packed = update(checkpoint, &recorded, variant, Batch { micro: 3, accumulation: 1 });
            let single = update(checkpoint, &recorded, variant, Batch { micro: 1, accumulation: 3 });
            assert_close(name, packed.0, single.0, 1e-6 * single.0);
            assert_tensors(&format!("{checkpoint} {name}"), &packed.1, &single.1, 1e-5);
        }
    }
}

#[test]
fn rows_side_by_side_give_the_same_bits_on_any_number_of_threads() {
    let checkpoint = CHECKPOINTS[0];
    let recorded: Recorded = json(checkpoint, "sft.json");
    let variant = &recorded.variants["lora"];
    let [one, three] = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| update(checkpoint, &recorded, variant, Batch { micro: 30, accumulation: 1 }))
    });
    assert_eq!(one, three);
}

/// Loss and gradient of the recorded batch, split as `batch` says.
fn update(checkpoint: &str, recorded: &Recorded, variant: &Variant, batch: Batch) -> (f64, Tensors) {
    let model = adapted(checkpoint, &variant.adapter);
    let mut sft = method(checkpoint, &recorded.batch.rows, &model, batch);
    let update = one(model, &mut sft);
    (update.figure("loss"), update.adapter_gradients())
}
