//! Which parts of a module are trained.

use super::parameters::Place;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;

/// Trains the float parameters whose names `chosen` accepts, and freezes the others.
pub fn train_only<M: Module>(module: M, chosen: impl FnMut(&str) -> bool) -> M {
    module.map(&mut Choose { place: Place::default(), chosen })
}

struct Choose<F> {
    place: Place,
    chosen: F,
}

impl<F: FnMut(&str) -> bool> ModuleMapper for Choose<F> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if (self.chosen)(&self.place.name()) {
            let (id, value, _) = param.consume();
            return Param::initialized(id, value.inner().autodiff().require_grad());
        }
        param.set_require_grad(false)
    }
}
