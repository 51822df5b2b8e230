//! Affine maps as they lie in the files.

use crate::weights::Scope;
use lora::Linear;

/// Whether a linear layer adds a bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// y = x·Wᵀ + b
    Yes,
    /// y = x·Wᵀ
    No,
}

impl Scope<'_, '_> {
    /// The linear map `name`: its `weight` and, if there is one, its `bias`.
    pub fn linear(&self, name: impl std::fmt::Display, [outputs, inputs]: [usize; 2], bias: Bias) -> Linear {
        let scope = self.at(name);
        let shape = [outputs, inputs];
        let bias = (bias == Bias::Yes).then(|| scope.tensor("bias", [outputs]));
        if let Some(packed) = scope.packed("weight", shape) {
            return Linear::packed(packed, bias);
        }
        match scope.half("weight", shape) {
            Some((weight, arithmetic)) => Linear::half(weight, bias, arithmetic),
            None => Linear::new(scope.tensor("weight", shape), bias),
        }
    }
}
