//! The estimators as a choice, with the guards of two frameworks, on tensors and on host numbers.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::log_ratio::LogRatio;

/// Which estimator of the KL divergence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Estimator {
    /// d.
    K1,
    /// |d|.
    Abs,
    /// ½d².
    K2,
    /// e^(−d) + d − 1.
    K3,
}

/// How extreme values are held in, with gradient 0 where a limit acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Guard {
    /// Only overflow is prevented: TRL.
    Overflow,
    /// In k3, d within ±20 and the value within ±10: verl.
    Verl,
    /// Every value within ±10, and in k3 d from −10: OpenRLHF.
    OpenRlhf,
    /// d within ±10 before any estimator.
    LogRatioTen,
}

impl Estimator {
    /// The estimate per token.
    ///
    /// # Shapes
    /// `[B, T]`.
    ///
    /// ```
    /// # use burn::tensor::{Device, Tensor};
    /// # use rl_algos::{LogRatio, Mask, kl};
    /// # let device = Device::default();
    /// # let mask = Mask::from_lengths(&[1], 1)?.to_device(&device);
    /// let logp_bt = Tensor::<2>::from_data([[-1.0]], &device);
    /// let reference_bt = Tensor::<2>::from_data([[-1.5]], &device);
    /// let d = LogRatio::new(logp_bt, reference_bt, &mask)?;
    /// let guarded = kl::Estimator::K3.estimate(&d, kl::Guard::Verl).into_scalar::<f32>();
    /// assert!((guarded - 0.106_53).abs() < 1e-5);
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub fn estimate(self, d: &LogRatio, guard: Guard) -> Tensor<2> {
        match (guard, self) {
            (Guard::Overflow, _) => self.plain(d),
            (Guard::Verl, Self::K3) => super::k3(&d.clamped(20.0)).clamp(-10.0, 10.0),
            (Guard::Verl, _) => self.plain(d),
            (Guard::OpenRlhf, Self::K3) => super::k3(&d.at_least(-10.0)).clamp(-10.0, 10.0),
            (Guard::OpenRlhf, _) => self.plain(d).clamp(-10.0, 10.0),
            (Guard::LogRatioTen, _) => self.plain(&d.clamped(10.0)),
        }
    }

    fn plain(self, d: &LogRatio) -> Tensor<2> {
        match self {
            Self::K1 => super::k1(d),
            Self::Abs => super::abs(d),
            Self::K2 => super::k2(d),
            Self::K3 => super::k3(d),
        }
    }

    /// The same estimate of one host number, with k3's exponent limited to ±300 so that it stays finite.
    ///
    /// ```
    /// use rl_algos::kl::Estimator;
    /// assert!((Estimator::K3.of(0.5) - 0.106_530_659_712_633).abs() < 1e-12);
    /// assert_eq!(Estimator::K2.of(-2.0), 2.0);
    /// ```
    pub fn of(self, d: f64) -> f64 {
        match self {
            Self::K1 => d,
            Self::Abs => d.abs(),
            Self::K2 => 0.5 * d * d,
            Self::K3 => (-d).clamp(-300.0, 300.0).exp() + d - 1.0,
        }
    }
}
