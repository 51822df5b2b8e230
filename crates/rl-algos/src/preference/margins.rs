//! What to log beside a preference loss.

use super::PreferenceBatch;
use crate::error::AlgoError;
use crate::grid::Grid;
use crate::hyper::Positive;

/// Means over pairs, in TRL's terms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margins {
    /// β·a: implicit reward of the chosen completions.
    pub chosen: f64,
    /// β·b: of the rejected ones.
    pub rejected: f64,
    /// Their difference.
    pub margin: f64,
    /// Share of pairs with a > b.
    pub accuracy: f64,
}

/// Implicit rewards and their accuracy; reads the scores back to the host.
///
/// By hand: a = 0.5, b = −0.5, β = 0.1 → 0.05, −0.05, margin 0.1, accuracy 1.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{AlgoError, Mask, Positive, preference::*};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// # let score = |logp: f32| SequenceScores::new(Tensor::from_data([[logp]], &device), &mask);
/// let policy = PairScores::new(score(-1.0)?, score(-3.0)?)?;
/// let batch = PreferenceBatch::new(policy, PairScores::new(score(-1.5)?, score(-2.5)?)?)?;
/// let logged = margins(&batch, Positive::new(0.1)?)?;
/// assert!((logged.margin - 0.1).abs() < 1e-6 && logged.accuracy == 1.0);
/// # Ok::<(), AlgoError>(())
/// ```
pub fn margins(batch: &PreferenceBatch, beta: Positive) -> Result<Margins, AlgoError> {
    let read = |gain_p: burn::tensor::Tensor<1>| {
        Grid::from_tensor("implicit rewards", gain_p.inner().unsqueeze_dim(1))
    };
    let (a, b) = (read(batch.chosen_gain())?, read(batch.rejected_gain())?);
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / a.cells().len().max(1) as f64;
    let chosen = beta.get() * mean(&mut a.cells().iter().copied());
    let rejected = beta.get() * mean(&mut b.cells().iter().copied());
    let accuracy = mean(&mut a.cells().iter().zip(b.cells()).map(|(a, b)| f64::from(u8::from(a > b))));
    Ok(Margins { chosen, rejected, margin: chosen - rejected, accuracy })
}
