//! Gradients of a step: collected over micro-batches, measured and clipped as one vector.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients as Found, Tensor};

/// One flat gradient for each trainable parameter, in the order of [`trainable`](super::trainable); `None` where no
/// loss has reached it yet.
#[derive(Clone, Debug, Default)]
pub struct Gradients(Vec<Option<Tensor<1>>>);

impl Gradients {
    /// Runs backward from `loss` and adds what reaches the parameters of `module`.
    pub fn add<M: Module>(&mut self, module: &M, loss: &Tensor<1>) {
        self.add_through(module, loss, |_, _| {});
    }

    /// [`add`](Self::add) for a loss whose graph does not go all the way down: `below` takes the gradients on from where
    /// it ends, and shows what it finds there.
    pub fn add_through<M: Module>(
        &mut self,
        module: &M,
        loss: &Tensor<1>,
        below: impl FnOnce(&mut Found, &mut dyn FnMut(&mut Found)),
    ) {
        let mut found = loss.backward();
        self.gather(module, &mut found);
        below(&mut found, &mut |found| self.gather(module, found));
    }

    fn gather<M: Module>(&mut self, module: &M, found: &mut Found) {
        module.visit(&mut Gather { found, sum: &mut self.0, next: 0 });
    }

    /// Adds the gradients of other losses of the same module.
    pub(super) fn absorb(&mut self, other: Self) {
        self.0.resize(self.0.len().max(other.0.len()), None);
        for (sum, gradient) in self.0.iter_mut().zip(other.0) {
            *sum = match (sum.take(), gradient) {
                (Some(sum), Some(gradient)) => Some(sum + gradient),
                (one, other) => one.or(other),
            };
        }
    }

    /// Gradients in the order of the parameters.
    pub fn iter(&self) -> impl Iterator<Item = Option<&Tensor<1>>> {
        self.0.iter().map(Option::as_ref)
    }

    /// Whether no loss has reached any parameter.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// ‖g‖ = √(Σ g²) over all parameters together.
    pub fn norm(&self) -> f64 {
        let squares: Vec<Tensor<1>> = self
            .0
            .iter()
            .flatten()
            .map(|g| (g.clone() * g.clone()).sum().cast(burn::tensor::DType::F32))
            .collect();
        if squares.is_empty() {
            return 0.0;
        }
        // One transfer from the device; the terms are added in f64, in order.
        let squares = Tensor::cat(squares, 0).into_data();
        squares.iter::<f64>().sum::<f64>().sqrt()
    }

    /// g ← g · min(1, `limit` / (‖g‖ + 1e-6)), as torch clips.
    pub fn clip(&mut self, norm: f64, limit: f64) {
        let factor = limit / (norm + 1e-6);
        if factor < 1.0 {
            for gradient in self.0.iter_mut().flatten() {
                *gradient = gradient.clone() * factor;
            }
        }
    }
}

struct Gather<'a> {
    found: &'a mut Found,
    sum: &'a mut Vec<Option<Tensor<1>>>,
    next: usize,
}

impl ModuleVisitor for Gather<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.base();
        if !value.is_require_grad() {
            return;
        }
        let index = self.next;
        self.next += 1;
        if self.sum.len() <= index {
            self.sum.resize(index + 1, None);
        }
        if let Some(gradient) = value.grad_remove(self.found) {
            let gradient: Tensor<1> = gradient.reshape([-1]);
            self.sum[index] = Some(match self.sum[index].take() {
                Some(sum) => sum + gradient,
                None => gradient,
            });
        }
    }
}
