//! Adapters into weights, and out of them again.

use crate::{Adapter, Base, Linears};
use burn::module::Param;
use burn::tensor::{DType, Tensor};
use std::collections::BTreeMap;

/// Adapters that were merged into their weights.
#[derive(Debug)]
pub struct Merged {
    parts: BTreeMap<String, Part>,
    /// The largest difference between a number of a weight and what [`unmerge`] makes of it.
    pub error: f64,
}

impl Merged {
    /// The modules whose weights changed, sorted.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }
}

/// What it takes to undo a merge.
#[derive(Debug)]
enum Part {
    /// Adapter, and the factors that its rows were scaled by.
    LowRank(Adapter, Option<Tensor<1>>),
    /// Copy, and the weight and bias that it replaced.
    FullCopy(Adapter, Base, Option<Param<Tensor<1>>>),
}

/// Puts every adapter into its weight: the maps stay the same to rounding, and cost what they cost without adapters.
///
/// A weight in few bits becomes a dense one.
pub fn merge<M: Linears>(model: &mut M) -> Merged {
    let mut merged = Merged { parts: BTreeMap::new(), error: 0.0 };
    model.visit_linears(&mut |name, linear| {
        let Some(adapter) = linear.adapter.take() else { return };
        let part = match &adapter {
            Adapter::LowRank(low) => {
                let factors = low.magnitude.as_ref().map(|m| m.factors(low, &linear.weight).detach());
                let before = linear.weight.dense().detach();
                let after = low.effective_weight(&linear.weight).detach();
                let back = without(after.clone(), low.update().detach(), factors.as_ref());
                merged.error = merged.error.max(distance(before, back));
                linear.weight = frozen(after);
                Part::LowRank(adapter, factors)
            }
            Adapter::FullCopy(copy) => {
                let dtype = linear.dtype();
                let weight = frozen(copy.weight.val().detach().cast(dtype));
                let weight = std::mem::replace(&mut linear.weight, weight);
                let bias = copy.bias.as_ref().map(|bias| Param::from_tensor(bias.val().detach().cast(dtype)));
                let bias = std::mem::replace(&mut linear.bias, bias.map(|bias| bias.set_require_grad(false)));
                Part::FullCopy(adapter, weight, bias)
            }
        };
        merged.parts.insert(name.to_owned(), part);
    });
    merged
}

/// Takes the adapters out of the weights and puts them beside them again; weights differ from what they were by at most
/// `merged.error`. Modules that the model does not have are left alone.
pub fn unmerge<M: Linears>(model: &mut M, mut merged: Merged) {
    model.visit_linears(&mut |name, linear| match merged.parts.remove(name) {
        Some(Part::LowRank(adapter, factors)) => {
            if let Adapter::LowRank(low) = &adapter {
                let update = low.update().detach();
                linear.weight = frozen(without(linear.weight.dense(), update, factors.as_ref()));
            }
            linear.adapter = Some(adapter);
        }
        Some(Part::FullCopy(adapter, weight, bias)) => {
            (linear.weight, linear.bias, linear.adapter) = (weight, bias, Some(adapter));
        }
        None => {}
    });
}

fn frozen(weight: Tensor<2>) -> Base {
    Base::Dense(Param::from_tensor(weight).set_require_grad(false))
}

/// W from g⊙(W + s·B·A), in the element type of the latter.
fn without(merged: Tensor<2>, update: Tensor<2>, factors: Option<&Tensor<1>>) -> Tensor<2> {
    let dtype = merged.dtype();
    let mut weight = merged.cast(DType::F32);
    if let Some(factors) = factors {
        weight = weight / factors.clone().unsqueeze_dim(1);
    }
    (weight - update).cast(dtype)
}

/// The largest |a − b|; infinite when one of them is not a number.
fn distance(a: Tensor<2>, b: Tensor<2>) -> f64 {
    let data = (a.cast(DType::F32) - b.cast(DType::F32)).abs().into_data();
    data.iter::<f32>().fold(0.0, |most, x| if x.is_nan() { f64::INFINITY } else { most.max(f64::from(x)) })
}
