//! Pairs of completions, scored by policy and reference.

use burn::tensor::Tensor;

use super::SequenceScores;
use crate::error::{AlgoError, same_length};

/// Scores of chosen and rejected completions under one model.
#[derive(Debug, Clone)]
pub struct PairScores {
    chosen: SequenceScores,
    rejected: SequenceScores,
}

impl PairScores {
    /// Pairs up equally many completions.
    pub fn new(chosen: SequenceScores, rejected: SequenceScores) -> Result<Self, AlgoError> {
        same_length("rejected completions", rejected.len(), chosen.len())?;
        Ok(Self { chosen, rejected })
    }

    /// The better completions.
    pub const fn chosen(&self) -> &SequenceScores {
        &self.chosen
    }

    /// The worse ones.
    pub const fn rejected(&self) -> &SequenceScores {
        &self.rejected
    }

    /// S_c − S_r, `[P]`.
    pub fn margin(&self) -> Tensor<1> {
        self.chosen.sum() - self.rejected.sum()
    }

    /// s_c − s_r, `[P]`.
    pub fn mean_margin(&self) -> Tensor<1> {
        self.chosen.mean() - self.rejected.mean()
    }
}

/// Pairs under the policy in training, with gradient, and under the frozen reference, without.
///
/// ```
/// # use burn::tensor::{Device, Tensor};
/// # use rl_algos::{AlgoError, Mask};
/// use rl_algos::preference::{PairScores, PreferenceBatch, SequenceScores};
/// # let device = Device::default();
/// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
/// let score = |logp: f32| SequenceScores::new(Tensor::from_data([[logp]], &device), &mask);
/// let policy = PairScores::new(score(-1.0)?, score(-3.0)?)?;
/// let reference = PairScores::new(score(-1.5)?, score(-2.5)?)?;
/// let batch = PreferenceBatch::new(policy, reference)?;
/// assert_eq!(batch.margin().into_scalar::<f32>(), 1.0); // (−1 + 1.5) − (−3 + 2.5)
/// # Ok::<(), AlgoError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PreferenceBatch {
    policy: PairScores,
    reference: PairScores,
}

impl PreferenceBatch {
    /// Puts both models' scores of the same pairs together.
    pub fn new(policy: PairScores, reference: PairScores) -> Result<Self, AlgoError> {
        same_length("reference pairs", reference.chosen.len(), policy.chosen.len())?;
        let PairScores { chosen, rejected } = reference;
        let reference = PairScores { chosen: chosen.detached(), rejected: rejected.detached() };
        Ok(Self { policy, reference })
    }

    /// Scores under the policy.
    pub const fn policy(&self) -> &PairScores {
        &self.policy
    }

    /// Scores under the reference, constants.
    pub const fn reference(&self) -> &PairScores {
        &self.reference
    }

    /// a = S_c − F_c, `[P]`.
    pub fn chosen_gain(&self) -> Tensor<1> {
        self.policy.chosen.sum() - self.reference.chosen.sum()
    }

    /// b = S_r − F_r, `[P]`.
    pub fn rejected_gain(&self) -> Tensor<1> {
        self.policy.rejected.sum() - self.reference.rejected.sum()
    }

    /// h = a − b, `[P]`.
    pub fn margin(&self) -> Tensor<1> {
        self.chosen_gain() - self.rejected_gain()
    }

    /// a/n_c − b/n_r, `[P]`.
    pub fn mean_margin(&self) -> Tensor<1> {
        self.policy.mean_margin() - self.reference.mean_margin()
    }
}
