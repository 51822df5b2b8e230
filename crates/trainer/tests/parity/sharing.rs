//! A prompt that is computed once teaches what it teaches when every completion has a copy of it.

use crate::generation::{Rollouts, rows};
use crate::numbers::{Tensors, assert_close, assert_tensors};
use crate::recorded::{CHECKPOINTS, adapted, json};
use burn::tensor::{Tensor, TensorData};
use serde::Deserialize;
use trainer::engine::{Gradients, trainable};
use vlm_model::{Scored, Scoring, VlModel};
use vlm_processor::Prompt;

#[derive(Deserialize)]
struct Recorded {
    rollouts: Rollouts,
}

/// −Σ wₜ log p(yₜ) with weights that differ from token to token.
fn loss(model: &VlModel, items: &[Scored], first: usize) -> Tensor<1> {
    let log_probs = model.score_all(items, &Scoring::default()).unwrap().log_probs;
    let weights: Vec<f32> = (0..log_probs.dims()[0]).map(|t| 0.1 * ((first + t) % 7) as f32 - 0.25).collect();
    let weights = TensorData::new(weights, log_probs.dims());
    (log_probs.clone() * Tensor::from_data(weights, &log_probs.device())).sum().neg()
}

fn named(model: &VlModel, gradients: &Gradients) -> Tensors {
    let values = |gradient: Option<&Tensor<1>>| {
        gradient.map_or_else(Vec::new, |gradient| gradient.to_data().iter::<f64>().collect())
    };
    trainable(model).into_iter().map(|parameter| parameter.name).zip(gradients.iter().map(values)).collect()
}

/// Loss and gradient of passes over some items each, one after another.
fn passes(model: &VlModel, passes: &[Vec<Scored>]) -> (f64, Tensors) {
    let (mut gradients, mut sum, mut first) = (Gradients::default(), 0.0, 0);
    for items in passes {
        let loss = loss(model, items, first);
        first += items.iter().flat_map(|item| item.completions).map(|ids| ids.len()).sum::<usize>();
        gradients.add(model, &loss);
        sum += loss.into_scalar::<f64>();
    }
    (sum, named(model, &gradients))
}

#[test]
fn a_group_that_shares_its_prompt_has_loss_and_gradient_of_separate_rows() {
    for checkpoint in CHECKPOINTS {
        let Recorded { rollouts } = json(checkpoint, "grpo.json");
        // With the vision tower's adapters the picture, too, is computed once and gets the gradient of all rows.
        for adapter in ["adapters/lora", "adapters/lora-vision"] {
            let model = adapted(checkpoint, adapter);
            let none = vec![Vec::new(); rollouts.completions.len()];
            let rewards = vec![0.0; none.len()];
            for (experience, (_, task)) in
                rollouts.generation(&none, &rewards).iter().zip(rollouts.asked(checkpoint))
            {
                let what = format!("{checkpoint} {adapter} {}", task.id());
                let ids = rows(std::slice::from_ref(experience), |written| written.token_ids.clone());
                check(&what, &model, task.prompt(), &ids);
            }
        }
    }
}

fn check(what: &str, model: &VlModel, prompt: &Prompt, completions: &[Vec<u32>]) {
    let ids: Vec<&[u32]> = completions.iter().map(Vec::as_slice).collect();
    let single: Vec<[&[u32]; 1]> = ids.iter().map(|ids| [*ids]).collect();
    let rows = || single.iter().map(|row| Scored::group(prompt, row));
    let (expected, gradients) = passes(model, &rows().map(|row| vec![row]).collect::<Vec<_>>());
    for (how, parts) in
        [("shared", vec![vec![Scored::group(prompt, &ids)]]), ("packed", vec![rows().collect()])]
    {
        let (found, ours) = passes(model, &parts);
        assert_close(&format!("{what} {how}"), found, expected, 1e-5 * expected.abs().max(1.0));
        // A text leaves the vision tower alone: its gradients are missing, or 0.
        assert_tensors(&format!("{what} {how}"), &reached(ours), &reached(gradients.clone()), 1e-5);
    }
}

/// The tensors with a gradient other than 0.
fn reached(gradients: Tensors) -> Tensors {
    gradients.into_iter().filter(|(_, numbers)| numbers.iter().any(|number| *number != 0.0)).collect()
}
