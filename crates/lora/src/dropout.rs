//! Dropped inputs of adapters.

use crate::random::Stream;
use crate::{Adapter, Linears};
use burn::tensor::{Tensor, TensorData};

/// Sets each input of an adapter to zero with probability p and divides the others by 1 − p, in training.
///
/// Which ones depends on seed, step, module and place, so that a pass that is computed again drops the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dropout {
    probability: f64,
    draws: Option<Stream>,
}

/// When inputs are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropoutMode {
    /// Never: evaluation and sampling.
    Off,
    /// In training, with other draws for each seed and step. Micro-batches count as steps.
    On {
        /// The run's seed.
        seed: u64,
        /// Which pass this is.
        step: u64,
    },
}

/// Switches the dropout of all adapters.
pub fn set_dropout<M: Linears>(model: &mut M, mode: DropoutMode) {
    model.visit_linears(&mut |name, linear| {
        if let Some(Adapter::LowRank(low)) = &mut linear.adapter {
            low.dropout.draws = match mode {
                DropoutMode::Off => None,
                DropoutMode::On { seed, step } => Some(Stream::new(seed, name).part(step)),
            };
        }
    });
}

impl Dropout {
    /// With probability `probability`, switched off.
    pub(crate) fn new(probability: f64) -> Self {
        Self { probability, draws: None }
    }

    /// p.
    pub fn probability(&self) -> f64 {
        self.probability
    }

    /// Whether inputs are dropped.
    pub(crate) fn is_on(&self) -> bool {
        self.draws().is_some()
    }

    fn draws(&self) -> Option<Stream> {
        self.draws.filter(|_| self.probability > 0.0)
    }

    /// The rows with dropped inputs; `None` when nothing is dropped.
    pub(crate) fn apply(&self, rows: &Tensor<2>) -> Option<Tensor<2>> {
        let draws = self.draws()?;
        let [n, width] = rows.dims();
        let kept = (1.0 / (1.0 - self.probability)) as f32;
        let factor = |i| if draws.uniform(i as u64) < self.probability { 0.0 } else { kept };
        let mask: Vec<f32> = (0..n * width).map(factor).collect();
        let options = (&rows.device(), rows.dtype());
        Some(rows.clone() * Tensor::from_data(TensorData::new(mask, [n, width]), options))
    }
}
