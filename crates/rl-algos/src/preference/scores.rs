//! Log-probabilities of whole completions.

use burn::tensor::Tensor;

use crate::error::{AlgoError, same_length, same_tensor_shape};
use crate::grid::Grid;
use crate::hyper::Fraction;
use crate::log_ratio::within_reach;
use crate::mask::{DeviceMask, Mask};

/// Summed and averaged log-probability of each completion, `[P]`.
///
/// S = Σₜ mℓ,  s = S / max(n, 1)
///
/// By hand: ℓ = −1, −2 → S = −3, s = −1.5.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::{Mask, preference::SequenceScores};
/// let device = Device::default();
/// let mask = Mask::from_lengths(&[2], 3)?.to_device(&device);
/// let scores = SequenceScores::new(Tensor::from_data([[-1.0, -2.0, f32::NAN]], &device), &mask)?;
/// assert_eq!((scores.sum().into_scalar::<f32>(), scores.mean().into_scalar::<f32>()), (-3.0, -1.5));
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SequenceScores {
    sum_p: Tensor<1>,
    counts_p: Tensor<1>,
}

impl SequenceScores {
    /// Adds up token log-probabilities `[P, T]`.
    pub fn new(logp_pt: Tensor<2>, mask: &DeviceMask) -> Result<Self, AlgoError> {
        same_tensor_shape("log-probabilities", logp_pt.dims(), mask.host().shape())?;
        let counts_p = mask.column(&logp_pt, |count| count.max(1) as f64).squeeze_dim(1);
        Ok(Self { sum_p: mask.row_sum(within_reach(mask.select(logp_pt))).squeeze_dim(1), counts_p })
    }

    /// LD-DPO: tokens after the first `limits[i]` of row i weigh only α, so that length alone earns nothing.
    ///
    /// S = Σ_{k ≤ limit} ℓₖ + α·Σ_{k > limit} ℓₖ, k counting unmasked tokens; limit = min(n_c, n_r)
    ///
    /// Liu et al., arXiv 2409.06411. Use it for policy and reference, chosen and rejected alike.
    ///
    /// By hand: ℓ = −1, −2 with limit 1 and α = 0.5 → −2.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use rl_algos::{Fraction, Mask, preference::SequenceScores};
    /// let device = Device::default();
    /// let mask = Mask::from_lengths(&[2], 2)?.to_device(&device);
    /// let logp_pt = Tensor::from_data([[-1.0, -2.0]], &device);
    /// let scores = SequenceScores::length_desensitised(logp_pt, &mask, &[1], Fraction::new(0.5)?)?;
    /// assert_eq!(scores.sum().into_scalar::<f32>(), -2.0);
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub fn length_desensitised(
        logp_pt: Tensor<2>,
        mask: &DeviceMask,
        limits: &[usize],
        alpha: Fraction,
    ) -> Result<Self, AlgoError> {
        same_length("lengths of the shorter completions", limits.len(), mask.host().shape()[0])?;
        let weights_pt = tail_weights(mask.host(), limits, alpha).beside(&logp_pt);
        Self::new(mask.select(logp_pt) * weights_pt, mask)
    }

    /// S, `[P]`.
    pub fn sum(&self) -> Tensor<1> {
        self.sum_p.clone()
    }

    /// s = S/n, `[P]`.
    pub fn mean(&self) -> Tensor<1> {
        self.sum_p.clone() / self.counts_p.clone()
    }

    /// The same numbers as constants.
    pub(super) fn detached(self) -> Self {
        Self { sum_p: self.sum_p.detach(), ..self }
    }

    /// Number of completions.
    pub(super) fn len(&self) -> usize {
        self.sum_p.dims()[0]
    }
}

fn tail_weights(mask: &Mask, limits: &[usize], alpha: Fraction) -> Grid<f64> {
    let rank = |row: usize, t: usize| mask.row(row)[..t].iter().filter(|kept| **kept).count();
    mask.fill(|row, t| if rank(row, t) < limits[row] { 1.0 } else { alpha.get() })
}
