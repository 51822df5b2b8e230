//! What differs from one way of learning to another.

use super::files::{FileError, Files};
use super::step::Step;
use journal::EvalRecord;

/// Whatever went wrong inside a method.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a method was given is at fault and not the model, such as a row that cannot be used or a reward that fails: the
/// run keeps what it has learned before it ends.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BadInput(pub Failure);

/// One way of learning. The loop around it is [`Run`](super::Run): it clips, updates, logs and saves.
///
/// ```
/// # use trainer::engine::{Failure, FileError, Files, Method, Step};
/// use burn::nn::Linear;
/// use burn::tensor::Tensor;
///
/// /// Learns y = x.
/// struct Identity { inputs: Tensor<2> }
///
/// impl Method<Linear> for Identity {
///     fn step(&mut self, model: &Linear, step: &mut Step) -> Result<(), Failure> {
///         let error = model.forward(self.inputs.clone()) - self.inputs.clone();
///         Ok(step.backward(model, &error.powf_scalar(2.0).mean())?)
///     }
///     fn epoch(&self) -> f64 { 0.0 }
///     fn save(&self, _: &mut Files) -> Result<(), FileError> { Ok(()) }
///     fn load(&mut self, _: &Files) -> Result<(), Failure> { Ok(()) }
/// }
/// ```
pub trait Method<M> {
    /// Computes one update's losses: calls [`Step::backward`] once for each micro-batch, with losses divided by
    /// what the whole step counts, and adds figures to [`Step::metrics`].
    fn step(&mut self, model: &M, step: &mut Step) -> Result<(), Failure>;

    /// Passes over the data so far.
    fn epoch(&self) -> f64;

    /// Measures the model on held-out data, where there is some.
    fn evaluate(&mut self, _model: &M, _step: u64) -> Result<Option<EvalRecord>, Failure> {
        Ok(None)
    }

    /// Adds everything that the next step depends on beside weights and optimiser: cursors, buffers, coefficients.
    fn save(&self, files: &mut Files) -> Result<(), FileError>;

    /// Goes back to what [`save`](Self::save) wrote.
    fn load(&mut self, files: &Files) -> Result<(), Failure>;
}

/// How a model's trained weights are kept.
pub trait Weights<M> {
    /// The trained weights as files that other programs read.
    fn save(&self, model: &M) -> Result<Files, Failure>;

    /// Puts stored weights back.
    fn load(&self, model: M, files: &Files) -> Result<M, Failure>;
}
