//! The trainable numbers of a module, by the names of their places.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Shape, Tensor, TensorData};
use std::collections::BTreeMap;

/// Name, shape and numbers of one trainable parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Where it stands in the module: `model.layers.0.self_attn.q_proj.adapter.a`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers, flat, without a gradient tape.
    pub value: Tensor<1>,
}

/// Every parameter of `module` that asks for gradients, in the order of the module's fields.
pub fn trainable<M: Module>(module: &M) -> Vec<Parameter> {
    let mut collect = Collect { place: Place::default(), found: Vec::new() };
    module.visit(&mut collect);
    collect.found
}

/// How many numbers are trained.
pub fn trainable_count<M: Module>(module: &M) -> usize {
    trainable(module).iter().map(|parameter| parameter.shape.iter().product::<usize>()).sum()
}

/// Why stored parameters do not fit a module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// The module trains something that was not stored.
    #[error(
        "{name}: found no stored numbers, expected shape {shape:?}: was the run started with other settings?"
    )]
    Missing {
        /// The parameter.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Stored numbers have another shape.
    #[error(
        "{name}: found stored shape {found:?}, expected {expected:?}: was the run started with other settings?"
    )]
    Shape {
        /// The parameter.
        name: String,
        /// The stored shape.
        found: Vec<usize>,
        /// The module's.
        expected: Vec<usize>,
    },
    /// Something was stored that the module does not train.
    #[error(
        "{name}: is stored, but the model trains no parameter of that name: was the run started with other settings?"
    )]
    Unknown {
        /// The parameter.
        name: String,
    },
}

/// Puts stored numbers in the place of the trainable ones: all of them, and nothing else.
pub fn restore<M: Module>(module: M, mut stored: BTreeMap<String, TensorData>) -> Result<M, ParameterError> {
    let expected = trainable(&module);
    for Parameter { name, shape, .. } in &expected {
        let found = stored.get(name).map(|data| data.shape().to_vec());
        let (name, expected) = (name.clone(), shape.clone());
        match found {
            None => return Err(ParameterError::Missing { name, shape: expected }),
            Some(found) if found != expected => return Err(ParameterError::Shape { name, found, expected }),
            Some(_) => {}
        }
    }
    if let Some(name) = stored.keys().find(|name| !expected.iter().any(|parameter| parameter.name == **name))
    {
        return Err(ParameterError::Unknown { name: name.clone() });
    }
    Ok(update(module, |name, value| {
        let data = stored.remove(name).expect("every name was found above");
        Tensor::from_data(reshaped(data, value.dims()), (&value.device(), value.dtype()))
    }))
}

/// The same numbers in another shape of as many elements.
pub(super) fn reshaped(data: TensorData, shape: impl Into<Shape>) -> TensorData {
    let dtype = data.dtype();
    TensorData::from_bytes(data.into_bytes(), shape.into(), dtype)
}

/// Replaces the numbers of every trainable parameter by what `change` makes of its name and its flat numbers.
pub fn update<M: Module>(module: M, change: impl FnMut(&str, Tensor<1>) -> Tensor<1>) -> M {
    module.map(&mut Change { place: Place::default(), change })
}

/// The path of names from the root to where a walk stands.
#[derive(Default)]
pub(super) struct Place(Vec<String>);

impl Place {
    pub fn enter(&mut self, name: &str, container: &str) {
        // The variant of an enum is no part of the name.
        self.0.push(if container.starts_with("Enum:") { String::new() } else { name.into() });
    }

    pub fn exit(&mut self) {
        self.0.pop();
    }

    pub fn name(&self) -> String {
        let parts: Vec<&str> = self.0.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        parts.join(".")
    }
}

struct Collect {
    place: Place,
    found: Vec<Parameter>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.base();
        if value.is_require_grad() {
            let shape = value.dims().to_vec();
            let value = value.inner().reshape([-1]);
            self.found.push(Parameter { name: self.place.name(), shape, value });
        }
    }
}

struct Change<F> {
    place: Place,
    change: F,
}

impl<F: FnMut(&str, Tensor<1>) -> Tensor<1>> ModuleMapper for Change<F> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.base().is_require_grad() {
            return param;
        }
        let name = self.place.name();
        param.map(|value| {
            let shape = value.shape();
            let changed = (self.change)(&name, value.inner().reshape([-1]));
            changed.reshape(shape).autodiff().require_grad()
        })
    }
}
