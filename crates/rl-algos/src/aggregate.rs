//! From token losses to one number: the rule, and the denominator that is known before backward.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::error::{AlgoError, same_shape};
use crate::hyper::Positive;
use crate::mask::{DeviceMask, Totals};

/// How token losses L become one loss. Names follow verl; TRL's `loss_type` stands beside.
///
/// | symbol | meaning |
/// |---|---|
/// | m, nᵢ, N | loss mask, tokens of row i, tokens of the batch |
/// | B, B⁺ | rows, rows with at least one token |
/// | c | a constant length, the longest completion allowed |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Aggregation {
    /// Σ mL / N: every token weighs the same (DAPO, arXiv 2503.14476). TRL `dapo`, `cispo`, `vespo`; with the totals
    /// of one micro-batch it is TRL's `bnpo`.
    TokenMean,
    /// Σ mL.
    TokenSum,
    /// (1/B) Σᵢ Σₜ mL / max(nᵢ, 1): empty rows count (GRPO, arXiv 2402.03300). TRL `grpo`, `sapo`.
    SequenceMeanTokenMeanAll,
    /// The same divided by B⁺ (verl, OpenRLHF).
    SequenceMeanTokenMean,
    /// Σ mL / B⁺ (verl).
    SequenceMeanTokenSum,
    /// Σ mL / B. TRL `luspo`.
    SequenceMeanTokenSumAll,
    /// Σ mL / (B·c): no length bias (Dr. GRPO, arXiv 2503.20783). TRL `dr_grpo`.
    Constant(Positive),
    /// Σ mL / (B⁺·c) (verl).
    SequenceMeanTokenSumNorm(Positive),
}

impl Aggregation {
    fn divisor(self, totals: Totals) -> f64 {
        let [rows, nonempty, tokens] =
            [totals.rows, totals.nonempty_rows, totals.tokens].map(|n| n.max(1) as f64);
        match self {
            Self::TokenMean => tokens,
            Self::TokenSum => 1.0,
            Self::SequenceMeanTokenMeanAll | Self::SequenceMeanTokenSumAll => rows,
            Self::SequenceMeanTokenMean | Self::SequenceMeanTokenSum => nonempty,
            Self::Constant(length) => rows * length.get(),
            Self::SequenceMeanTokenSumNorm(length) => nonempty * length.get(),
        }
    }

    const fn averages_rows(self) -> bool {
        matches!(self, Self::SequenceMeanTokenMeanAll | Self::SequenceMeanTokenMean)
    }
}

/// The one number a loss is divided by, fixed before the first backward of an optimiser step.
///
/// Make it from the [`Totals`] of the whole step (all micro-batches, all ranks), hand the same value to every
/// micro-batch and add up the gradients: the result does not depend on how the step was split.
///
/// ```
/// use rl_algos::{Aggregation, Denominator, Totals};
/// let totals = Totals { rows: 4, nonempty_rows: 3, tokens: 10 };
/// assert_eq!(Denominator::new(Aggregation::TokenMean, totals).divisor(), 10.0);
/// assert_eq!(Denominator::new(Aggregation::SequenceMeanTokenMean, totals).divisor(), 3.0);
/// // Nothing to learn from is a loss of 0, not 0/0.
/// assert_eq!(Denominator::new(Aggregation::TokenMean, Totals::default()).divisor(), 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Denominator {
    divisor: f64,
    per_row: PerRow,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum PerRow {
    Sum,
    Mean,
}

impl Denominator {
    /// The denominator of a step with these totals.
    pub fn new(rule: Aggregation, totals: Totals) -> Self {
        let per_row = if rule.averages_rows() { PerRow::Mean } else { PerRow::Sum };
        Self { divisor: rule.divisor(totals), per_row }
    }

    /// A token mean over a count that somebody else made, such as the labelled tokens of an accumulation window.
    pub const fn tokens(count: Positive) -> Self {
        Self { divisor: count.get(), per_row: PerRow::Sum }
    }

    /// TRL's window rule: tokens of the whole generation batch × `accumulation` / `steps_per_generation`.
    ///
    /// ```
    /// use rl_algos::{Denominator, Positive};
    /// let window = Denominator::generation_window(Positive::new(300.0)?, Positive::new(2.0)?, Positive::new(4.0)?);
    /// assert_eq!(window.divisor(), 150.0);
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub const fn generation_window(
        items: Positive,
        accumulation: Positive,
        steps_per_generation: Positive,
    ) -> Self {
        let divisor = items.get() * accumulation.get() / steps_per_generation.get();
        Self { divisor, per_row: PerRow::Sum }
    }

    /// Undoes the averaging of a gradient all-reduce over `world` ranks.
    pub fn under_rank_average(self, world: Positive) -> Self {
        Self { divisor: self.divisor / world.get(), ..self }
    }

    /// For one of `parts` micro-batches that each divide by their own totals and are then averaged: TRL's `bnpo`.
    pub const fn split(self, parts: usize) -> Self {
        Self { divisor: self.divisor * parts as f64, ..self }
    }

    /// The number itself.
    pub const fn divisor(&self) -> f64 {
        self.divisor
    }
}

/// Reduces token losses to the share of the step's loss that these rows hold.
///
/// # Shapes
/// `loss_bt` `[B, T]` like the mask; the result has one element.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::{Aggregation, Denominator, Mask, aggregate};
/// let device = Device::default();
/// let mask = Mask::from_lengths(&[2, 3], 4)?;
/// let loss_bt = Tensor::<2>::from_data([[0.2, 0.6, f32::NAN, 0.0], [1.0, 1.0, 1.0, 9.0]], &device);
/// let rule = Denominator::new(Aggregation::SequenceMeanTokenMeanAll, mask.totals());
/// let loss = aggregate(loss_bt, &mask.to_device(&device), rule)?;
/// assert!((loss.into_scalar::<f32>() - 0.7).abs() < 1e-6); // (0.4 + 1.0) / 2
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn aggregate(
    loss_bt: Tensor<2>,
    mask: &DeviceMask,
    denominator: Denominator,
) -> Result<Tensor<1>, AlgoError> {
    same_shape("token losses", loss_bt.dims(), mask.host().shape())?;
    let loss_b1 = match denominator.per_row {
        PerRow::Sum => mask.row_sum(loss_bt),
        PerRow::Mean => mask.row_mean(loss_bt),
    };
    Ok(loss_b1.sum() * denominator.divisor.recip())
}

/// Reduces losses that are one number per row: Σᵢ Lᵢ / B, with B of the whole step.
///
/// # Shapes
/// `loss_b` `[B]`; the result has one element.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::mean_over_rows;
/// let loss_b = Tensor::<1>::from_data([1.0, 2.0], &Device::default());
/// assert_eq!(mean_over_rows(loss_b, 4).into_scalar::<f32>(), 0.75); // half of a step of four rows
/// ```
pub fn mean_over_rows(loss_b: Tensor<1>, rows_of_step: usize) -> Tensor<1> {
    loss_b.sum() * (rows_of_step.max(1) as f64).recip()
}
