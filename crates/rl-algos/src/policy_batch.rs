//! What every policy surrogate works on, checked once.

use burn::tensor::Tensor;

use crate::advantage::Advantages;
use crate::error::AlgoError;
use crate::grid::Grid;
use crate::log_ratio::{LogRatio, within_reach};
use crate::mask::DeviceMask;

/// New and old log-probabilities with their advantages, masked, of one shape, on one device.
///
/// | symbol | field |
/// |---|---|
/// | ℓ, ℓᵒ | [`logp`](Self::logp), [`old_logp`](Self::old_logp) |
/// | δ, ρ = e^δ | [`log_ratio`](Self::log_ratio), [`ratio`](Self::ratio) |
/// | A | [`advantage`](Self::advantage) per token, [`row_advantage`](Self::row_advantage) per row |
///
/// Only ℓ carries a gradient. For a loss against the sampler instead of the old policy, give its log-probabilities
/// as `old_bt`; for an on-policy step give `logp_bt.clone()`: the ratio is 1 and the gradient is there.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::{Advantages, Mask, PolicyBatch};
/// let device = Device::default();
/// let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let [logp_bt, old_bt] = [[[0.0_f32]], [[-0.5]]].map(|x| Tensor::<2>::from_data(x, &device));
/// let batch = PolicyBatch::new(logp_bt, old_bt, &Advantages::Rows(vec![1.0]), &mask)?;
/// assert!((batch.ratio().into_scalar::<f32>() - 0.5_f32.exp()).abs() < 1e-6);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PolicyBatch {
    logp_bt: Tensor<2>,
    old_bt: Tensor<2>,
    log_ratio: LogRatio,
    advantage_bt: Tensor<2>,
    advantage_b1: Tensor<2>,
}

impl PolicyBatch {
    /// Checks shapes and advantages, masks everything and cuts the gradient of the old policy.
    pub fn new(
        logp_bt: Tensor<2>,
        old_bt: Tensor<2>,
        advantages: &Advantages,
        mask: &DeviceMask,
    ) -> Result<Self, AlgoError> {
        let log_ratio = LogRatio::new(logp_bt.clone(), old_bt.clone(), mask)?;
        let row_advantage = advantages.per_row(mask.host())?;
        let rows = Grid::from_cells(row_advantage, [mask.host().shape()[0], 1])?;
        Ok(Self {
            advantage_bt: advantages.per_token(mask.host())?.beside(&logp_bt),
            advantage_b1: rows.beside(&logp_bt),
            logp_bt: within_reach(mask.select(logp_bt)),
            old_bt: within_reach(mask.select(old_bt.detach())),
            log_ratio,
        })
    }

    /// The same batch with δ limited to ±`bound` and gradient 0 beyond: verl's and OpenRLHF's guard is 20.
    pub fn clamp_log_ratio(&self, bound: f64) -> Self {
        Self { log_ratio: self.log_ratio.clamped(bound), ..self.clone() }
    }

    /// ℓ, `[B, T]`.
    pub fn logp(&self) -> Tensor<2> {
        self.logp_bt.clone()
    }

    /// ℓᵒ, `[B, T]`, a constant.
    pub fn old_logp(&self) -> Tensor<2> {
        self.old_bt.clone()
    }

    /// δ = ℓ − ℓᵒ.
    pub const fn log_ratio(&self) -> &LogRatio {
        &self.log_ratio
    }

    /// ρ = e^δ, `[B, T]`.
    pub fn ratio(&self) -> Tensor<2> {
        self.log_ratio.ratio()
    }

    /// A per token, `[B, T]`, 0 where masked.
    pub fn advantage(&self) -> Tensor<2> {
        self.advantage_bt.clone()
    }

    /// A per row, `[B, 1]`: the row's own, also for an empty row; the mean of token advantages otherwise.
    pub fn row_advantage(&self) -> Tensor<2> {
        self.advantage_b1.clone()
    }

    /// The mask of the batch.
    pub const fn mask(&self) -> &DeviceMask {
        self.log_ratio.mask()
    }
}
