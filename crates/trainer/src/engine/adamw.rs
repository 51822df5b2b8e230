//! AdamW, with torch's arithmetic.

use super::gradients::Gradients;
use super::parameters::{trainable, update};
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use std::collections::BTreeMap;

/// Settings of [`AdamW`]; the defaults are torch's, without weight decay as in the Hugging Face trainers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWSettings {
    /// β₁, the memory of the mean.
    pub beta1: f64,
    /// β₂, the memory of the square.
    pub beta2: f64,
    /// ε.
    pub epsilon: f64,
    /// λ.
    pub weight_decay: f64,
}

impl Default for AdamWSettings {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

/// AdamW (Loshchilov and Hutter, 2019). With g the gradient, η the learning rate and t the number of the update:
///
/// θ ← θ − η λ θ
/// m ← m + (g − m)(1 − β₁)
/// v ← β₂ v + (1 − β₂) g²
/// θ ← θ − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// Biases and norm weights do not decay. A parameter that no loss has reached is left alone, and so are its moments.
#[derive(Clone, Debug)]
pub struct AdamW {
    settings: AdamWSettings,
    updates: u64,
    moments: Vec<Option<Moments>>,
}

#[derive(Clone, Debug)]
struct Moments {
    mean: Tensor<1>,
    square: Tensor<1>,
    updates: u64,
}

impl AdamW {
    /// An optimiser that has seen nothing.
    pub fn new(settings: AdamWSettings) -> Self {
        Self { settings, updates: 0, moments: Vec::new() }
    }

    /// Number of updates made.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Moves the parameters of `module`; `rate` gives η for the parameter of a name.
    pub fn update<M: Module>(&mut self, module: M, gradients: &Gradients, rate: impl Fn(&str) -> f64) -> M {
        self.updates += 1;
        let mut gradients = gradients.iter();
        let mut index = 0;
        update(module, |name, value| {
            let gradient = gradients.next().flatten();
            self.moments.resize(self.moments.len().max(index + 1), None);
            index += 1;
            match gradient {
                Some(gradient) => self.step(index - 1, name, value, gradient.clone(), rate(name)),
                None => value,
            }
        })
    }

    fn step(&mut self, index: usize, name: &str, value: Tensor<1>, g: Tensor<1>, rate: f64) -> Tensor<1> {
        let AdamWSettings { beta1, beta2, epsilon, weight_decay } = self.settings;
        let zeros = || Moments { mean: value.zeros_like(), square: value.zeros_like(), updates: 0 };
        let Moments { mean, square, updates } = self.moments[index].take().unwrap_or_else(zeros);
        let t = updates as i32 + 1;
        let mean = mean.clone() + (g.clone() - mean) * (1.0 - beta1);
        let square = square * beta2 + g.clone() * g * (1.0 - beta2);
        let step = rate / (1.0 - beta1.powi(t));
        let root = (1.0 - beta2.powi(t)).sqrt();
        let decay = if decays(name) { 1.0 - rate * weight_decay } else { 1.0 };
        let value = if decay == 1.0 { value } else { value * decay };
        let moved = value - mean.clone() / (square.clone().sqrt() / root + epsilon) * step;
        self.moments[index] = Some(Moments { mean, square, updates: updates + 1 });
        moved
    }

    /// Everything that the next update depends on, by name: `NAME.mean`, `NAME.square`, `NAME.updates`.
    pub fn state<M: Module>(&self, module: &M) -> BTreeMap<String, TensorData> {
        let mut state = BTreeMap::from([("updates".to_owned(), TensorData::from([self.updates as i64]))]);
        for (parameter, moments) in trainable(module).into_iter().zip(&self.moments) {
            let Some(Moments { mean, square, updates }) = moments.clone() else { continue };
            state.insert(format!("{}.mean", parameter.name), mean.into_data());
            state.insert(format!("{}.square", parameter.name), square.into_data());
            state.insert(format!("{}.updates", parameter.name), TensorData::from([updates as i64]));
        }
        state
    }

    /// Goes back to a [`state`](Self::state) of the same module.
    pub fn restore<M: Module>(&mut self, module: &M, state: &BTreeMap<String, TensorData>) {
        let count =
            |name: &str| state.get(name).and_then(|data| data.iter::<i64>().next()).unwrap_or(0) as u64;
        self.updates = count("updates");
        let moments = |parameter: super::Parameter| {
            let device = parameter.value.device();
            let tensor = |suffix: &str| {
                let data = state.get(&format!("{}.{suffix}", parameter.name))?.clone();
                Some(Tensor::from_data(data, (&device, parameter.value.dtype())))
            };
            let updates = count(&format!("{}.updates", parameter.name));
            Some(Moments { mean: tensor("mean")?, square: tensor("square")?, updates })
        };
        self.moments = trainable(module).into_iter().map(moments).collect();
    }
}

/// Biases and norms keep their size, as in transformers.
fn decays(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last != "bias" && !name.contains("norm") && !name.contains("ln_q")
}
