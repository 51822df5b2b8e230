//! Runs that are watched: the figures of every step, and what the first one would change.

use crate::numbers::{Tensors, parse};
use burn::tensor::{DType, Tensor, TensorData};
use journal::{EvalRecord, RolloutRecord};
use std::collections::BTreeMap;
use std::path::PathBuf;
use trainer::engine::{
    self, AdamWSettings, Alone, Decay, Failure, Files, Ledger, Method, Plan, Run, Schedule, Stop,
    TrainedWeights, Unobserved, trainable,
};
use vlm_model::VlModel;

/// A finished run.
pub struct Watched {
    /// By step.
    pub figures: Vec<BTreeMap<String, f64>>,
    pub model: VlModel,
    files: Files,
}

#[derive(Default)]
struct Witness {
    figures: Vec<BTreeMap<String, f64>>,
    files: Files,
}

impl Ledger for Witness {
    fn metrics(&mut self, _: u64, _: f64, values: &BTreeMap<String, f64>) -> Result<(), Failure> {
        self.figures.push(values.clone());
        Ok(())
    }

    fn rollouts(&mut self, _: &[RolloutRecord]) -> Result<(), Failure> {
        Ok(())
    }

    fn evaluation(&mut self, _: &EvalRecord) -> Result<(), Failure> {
        Ok(())
    }

    fn checkpoint(&mut self, _: u64, files: &Files) -> Result<Option<PathBuf>, Failure> {
        self.files = files.clone();
        Ok(None)
    }
}

/// `steps` updates at a constant rate, nothing clipped. Without memory AdamW's mean *is* the gradient, so a
/// checkpoint after the first step holds it.
pub fn plan(steps: u64) -> Plan {
    Plan {
        steps,
        learning_rate: 1e-3,
        module_rates: Vec::new(),
        schedule: Schedule { decay: Decay::Constant, warmup: 0, total: steps },
        optimiser: AdamWSettings { beta1: 0.0, ..AdamWSettings::default() },
        max_grad_norm: None,
        seed: 0,
        logging_steps: 1,
        save_steps: None,
        eval_steps: None,
    }
}

pub fn run(plan: &Plan, model: VlModel, method: &mut dyn Method<VlModel>) -> Watched {
    let mut ledger = Witness::default();
    let weights = &TrainedWeights;
    let run = Run {
        plan,
        weights,
        ledger: &mut ledger,
        observer: &mut Unobserved,
        companion: &mut Alone,
        stop: Stop::new(),
    };
    let model = run.train(model, method, None).unwrap().model;
    assert_eq!(ledger.figures.len() as u64, plan.steps);
    Watched { figures: ledger.figures, model, files: ledger.files }
}

/// One update: its figures and its gradient.
pub fn one(model: VlModel, method: &mut dyn Method<VlModel>) -> Watched {
    run(&plan(1), model, method)
}

impl Watched {
    /// A figure of the first step.
    pub fn figure(&self, name: &str) -> f64 {
        *self.figures[0].get(name).unwrap_or_else(|| panic!("no figure {name}: {:?}", self.figures[0]))
    }

    /// The gradient of the last step by the names of the parameters.
    pub fn gradients(&self) -> Tensors {
        let state = self.files.tensors("optimizer.safetensors").unwrap();
        let of = |name: String| {
            let data = &state[&format!("{name}.mean")];
            (name, data.iter::<f64>().collect())
        };
        trainable(&self.model).into_iter().map(|parameter| of(parameter.name)).collect()
    }

    /// The element types of the optimiser's means and squares.
    pub fn moments(&self) -> Vec<(String, DType)> {
        let state = self.files.tensors("optimizer.safetensors").unwrap();
        let moments =
            state.into_iter().filter(|(name, _)| name.ends_with("mean") || name.ends_with("square"));
        moments.map(|(name, data)| (name, data.dtype())).collect()
    }

    /// The gradient of the last step by PEFT's names.
    pub fn adapter_gradients(&self) -> Tensors {
        peft_names(&self.model, &self.gradients())
    }
}

/// Numbers of an adapter's parameters under the names that PEFT gives them.
pub fn peft_names(model: &VlModel, numbers: &Tensors) -> Tensors {
    let mut put = engine::update(model.clone(), |name, value| {
        let numbers: Vec<f32> = numbers[name].iter().map(|number| *number as f32).collect();
        Tensor::from_data(TensorData::new(numbers, value.dims()), &value.device())
    });
    adapter(&mut put)
}

/// The adapter of a model as PEFT would save it.
pub fn adapter(model: &mut VlModel) -> Tensors {
    parse(&lora::peft::save(model, "").unwrap().weights)
}
