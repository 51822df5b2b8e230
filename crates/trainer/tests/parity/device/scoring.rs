//! Log-probabilities of text and pictures.

use super::{Allowed, CHECKPOINT, CHECKPOINT_BF16, LOG_PROBS_BF16, chosen, chosen_for_bf16};
use crate::numbers::assert_rows;
use crate::recorded::{base_on, stream};
use burn::tensor::Device;
use trainer::session::{Conversations, Labels};
use vlm_model::{Precision, Scored, Scoring};
use vlm_processor::LabelledPrompt;

/// log p of every label of a row of text and of a row with a picture.
fn log_probs(device: &Device, checkpoint: &str, precision: Precision) -> Vec<Vec<f64>> {
    let model = base_on(device, checkpoint, precision);
    let rows = ["text", "image"].map(ToOwned::to_owned);
    let conversations = |prepared| Conversations(prepared, Labels::Assistant);
    let rows = stream(CHECKPOINT, "supervised.jsonl", &rows, conversations).take(rows.len()).unwrap();
    let score = |row: &LabelledPrompt| {
        let scored = model.score_all(&[Scored::spans(&row.prompt, &row.spans)], &Scoring::default()).unwrap();
        scored.log_probs.into_data().iter::<f64>().collect()
    };
    rows.iter().map(score).collect()
}

#[test]
fn text_and_pictures_have_the_log_probabilities_of_the_cpu() {
    let Some(device) = chosen() else { return };
    let expected = log_probs(&Device::flex(), CHECKPOINT, Precision::F32);
    let found = log_probs(&device, CHECKPOINT, Precision::F32);
    assert_rows("log-probabilities", &found, &expected, Allowed::on(&device).log_probs);
}

#[test]
fn weights_in_bf16_have_nearly_the_log_probabilities_of_f32() {
    let device = chosen_for_bf16();
    let expected = log_probs(&Device::flex(), CHECKPOINT_BF16, Precision::F32);
    let found = log_probs(&device, CHECKPOINT_BF16, Precision::Bf16);
    assert_rows("log-probabilities", &found, &expected, LOG_PROBS_BF16);
}
