//! Layers that are computed again give the gradient of layers that are kept.

use crate::numbers::{Tensors, assert_tensors};
use crate::recorded::{CHECKPOINTS, adapted, base, stream};
use burn::tensor::Tensor;
use lora::{DropoutMode, LoraConfig, Targets, Vision, attach, set_dropout};
use trainer::engine::{Gradients, train_only, trainable, update};
use trainer::session::{Conversations, Labels};
use vlm_model::{Activations, Scored, Scoring, VlModel};

/// Loss and gradient of some packed conversations.
fn pass(checkpoint: &str, model: &VlModel, activations: Activations) -> (f64, Tensors) {
    let order = ["text", "image", "image-turns"].map(ToOwned::to_owned);
    let conversations = |prepared| Conversations(prepared, Labels::Assistant);
    let rows = stream(checkpoint, "supervised.jsonl", &order, conversations).take(order.len()).unwrap();
    let items: Vec<Scored> = rows.iter().map(|row| Scored::spans(&row.prompt, &row.spans)).collect();
    let (scores, tape) = model.score_on_tape(&items, &Scoring::default(), activations).unwrap();
    let loss: Tensor<1> = scores.log_probs.mean().neg() + scores.entropy.mean();
    let mut gradients = Gradients::default();
    gradients.add_through(model, &loss, |above, found| tape.backward(above, found));
    let names = trainable(model).into_iter().map(|parameter| parameter.name);
    let numbers = gradients.iter().map(|gradient| gradient.unwrap().to_data().iter::<f64>().collect());
    (loss.into_scalar::<f64>(), names.zip(numbers).collect())
}

fn check(what: &str, checkpoint: &str, model: &VlModel) {
    let (kept_loss, kept) = pass(checkpoint, model, Activations::Kept);
    let (loss, recomputed) = pass(checkpoint, model, Activations::Recomputed);
    assert!(!kept.is_empty(), "{checkpoint} {what}");
    assert!((loss - kept_loss).abs() <= 1e-6 * kept_loss.abs(), "{checkpoint} {what}: {loss}, {kept_loss}");
    // The LayerNorm of Qwen2's tower rounds otherwise without a tape; nothing else does.
    let tolerance = if checkpoint == "qwen2-nano" { 1e-5 } else { 1e-6 };
    assert_tensors(&format!("{checkpoint} {what}"), &recomputed, &kept, tolerance);
}

#[test]
fn recomputed_layers_give_the_same_gradients_to_adapters_towers_and_all_weights() {
    for checkpoint in CHECKPOINTS {
        check("lora", checkpoint, &adapted(checkpoint, "adapters/lora"));
        check("lora-vision", checkpoint, &adapted(checkpoint, "adapters/lora-vision"));
        check("every weight", checkpoint, &train_only(base(checkpoint), |_| true));
        check("merger", checkpoint, &train_only(base(checkpoint), |name| name.contains("merger")));
        check("last", checkpoint, &train_only(base(checkpoint), |name| name.contains("layers.1.")));
    }
    check("dora", CHECKPOINTS[0], &adapted(CHECKPOINTS[0], "adapters/dora"));
}

#[test]
fn a_layer_that_is_computed_again_drops_the_same_inputs() {
    let config = LoraConfig {
        r: 4,
        dropout: 0.5,
        targets: Targets::AllLinear,
        vision: Vision::Excluded,
        ..LoraConfig::default()
    };
    for checkpoint in CHECKPOINTS {
        let mut model = base(checkpoint);
        attach(&mut model, &config).unwrap();
        // B begins at 0, and with it the gradient of A.
        let mut model = update(model, |_, value| value + 0.02);
        let (_, still) = pass(checkpoint, &model, Activations::Recomputed);
        set_dropout(&mut model, DropoutMode::On { seed: 3, step: 7 });
        check("dropout", checkpoint, &model);
        let (_, dropped) = pass(checkpoint, &model, Activations::Recomputed);
        assert_ne!(still, dropped, "nothing was dropped");
    }
}
