//! Fifty steps of SFT, beside transformers' own trainer.

use crate::numbers::{Tensors, assert_close, assert_tensors, read};
use crate::recorded::{CHECKPOINTS, adapted, json};
use crate::sft::method;
use crate::update::{adapter, plan, run};
use serde::Deserialize;
use trainer::engine::{AdamWSettings, Decay, Plan, Schedule};
use trainer::methods::Batch;

#[derive(Deserialize)]
struct Recorded {
    adapter: String,
    #[serde(rename = "final")]
    last: String,
    settings: Settings,
    order: Vec<String>,
    steps: Columns,
}

#[derive(Deserialize)]
struct Settings {
    learning_rate: f64,
    lr_scheduler_type: String,
    warmup_steps: u64,
    max_steps: u64,
    per_device_train_batch_size: usize,
    gradient_accumulation_steps: usize,
    adam_beta1: f64,
    adam_beta2: f64,
    adam_epsilon: f64,
    weight_decay: f64,
    max_grad_norm: f64,
}

#[derive(Deserialize)]
struct Columns {
    loss: Vec<f64>,
    grad_norm: Vec<f64>,
    learning_rate: Vec<f64>,
}

impl Settings {
    fn plan(&self) -> Plan {
        assert_eq!(self.lr_scheduler_type, "cosine");
        let decay = Decay::Cosine { floor: 0.0 };
        Plan {
            learning_rate: self.learning_rate,
            schedule: Schedule { decay, warmup: self.warmup_steps, total: self.max_steps },
            optimiser: AdamWSettings {
                beta1: self.adam_beta1,
                beta2: self.adam_beta2,
                epsilon: self.adam_epsilon,
                weight_decay: self.weight_decay,
            },
            max_grad_norm: Some(self.max_grad_norm),
            ..plan(self.max_steps)
        }
    }
}

#[test]
fn fifty_steps_follow_the_recorded_run_to_the_last_weight() {
    for checkpoint in CHECKPOINTS {
        let recorded: Recorded = json(checkpoint, "sft-curve.json");
        let Settings {
            per_device_train_batch_size: micro, gradient_accumulation_steps: accumulation, ..
        } = recorded.settings;
        let model = adapted(checkpoint, &recorded.adapter);
        let mut sft = method(checkpoint, &recorded.order, &model, Batch { micro, accumulation });
        let mut found = run(&recorded.settings.plan(), model, &mut sft);
        assert_eq!(found.figures.len(), recorded.steps.loss.len());
        for (step, figures) in found.figures.iter().enumerate() {
            let what = |name: &str| format!("{checkpoint} step {}: {name}", step + 1);
            let Columns { loss, grad_norm, learning_rate } = &recorded.steps;
            assert_close(&what("loss"), figures["loss"], loss[step], 1e-5);
            assert_close(&what("norm"), figures["grad_norm"], grad_norm[step], 1e-4 * grad_norm[step]);
            let rate = learning_rate[step];
            assert_close(
                &what("rate"),
                figures["learning_rate"],
                rate,
                1e-8 * recorded.settings.learning_rate,
            );
        }
        let ours: Tensors = adapter(&mut found.model);
        assert_tensors(checkpoint, &ours, &read(checkpoint, &recorded.last), 1e-4);
    }
}
