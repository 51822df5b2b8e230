//! DoRA: trained lengths of a weight's rows.

use crate::{Base, LowRank};
use burn::module::{Module, Param};
use burn::tensor::{DType, Tensor, TensorData};

/// Lengths m of the rows of V = W + s·B·A: the map is that of m/‖V‖ ⊙ V (Liu et al. 2024, arXiv 2402.09353).
///
/// As in the paper's section 4.3 and in PEFT, ‖V‖ counts as a constant in the gradient.
#[derive(Module, Debug)]
pub struct Magnitude {
    /// m, `[outputs]`.
    pub lengths: Param<Tensor<1>>,
    /// ‖wₒ‖² of the frozen rows, which never change.
    squares: Param<Tensor<1>>,
}

impl Magnitude {
    /// The lengths of W's own rows.
    pub(crate) fn of(base: &Base) -> Self {
        let weight = base.dense().detach().cast(DType::F32);
        let squares = weight.powi_scalar(2).sum_dim(1).squeeze_dim::<1>(1);
        Self {
            lengths: Param::from_tensor(squares.clone().sqrt()),
            squares: Param::from_tensor(squares).set_require_grad(false),
        }
    }

    /// Other lengths.
    pub(crate) fn set(&mut self, lengths: Vec<f32>) {
        let device = self.squares.val().device();
        let shape = [lengths.len()];
        let lengths = Tensor::from_data(TensorData::new(lengths, shape), (&device, DType::F32));
        self.lengths = Param::from_tensor(lengths);
    }

    /// g = m/‖V‖, `[outputs]`.
    pub(crate) fn factors(&self, low: &LowRank, base: &Base) -> Tensor<1> {
        self.lengths.val() / self.norms(low, base)
    }

    /// ‖vₒ‖ = √(‖wₒ‖² + 2s·bₒ·(A·wₒ) + s²·bₒ·(A·Aᵀ)·bₒᵀ): V itself, as large as W, is never made.
    pub(crate) fn norms(&self, low: &LowRank, base: &Base) -> Tensor<1> {
        let (a, b, scale) = (low.a.val().detach(), low.b.val().detach(), low.scale());
        let seen = base.forward(a.clone().cast(base.dtype()), None).cast(DType::F32).transpose();
        let gram = a.clone().matmul(a.transpose());
        let twice = b.clone() * seen.mul_scalar(2.0 * scale);
        let squared = b.clone().matmul(gram) * b.mul_scalar(scale * scale);
        let added = (twice + squared).sum_dim(1).squeeze_dim::<1>(1);
        (self.squares.val().detach() + added).clamp_min(f32::MIN_POSITIVE).sqrt()
    }
}
