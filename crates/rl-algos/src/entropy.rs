//! Entropy: a bonus for keeping options open, and a filter for the tokens at which something is decided.

use burn::tensor::Tensor;

use crate::aggregate::{Denominator, aggregate};
use crate::error::{AlgoError, same_shape};
use crate::grid::Grid;
use crate::hyper::{Fraction, Positive};
use crate::mask::{DeviceMask, Mask};

/// The bonus as a loss term, to be added to the policy loss.
///
/// L = −coefficient·Σ mH / N
///
/// `denominator` is the token mean's; TRL takes it per micro-batch whatever the policy's aggregation is, the global
/// one keeps the gradient independent of the split.
///
/// By hand: H = 1, 3 with coefficient 0.01 → −0.02.
///
/// # Shapes
/// `entropy_bt` `[B, T]`; the result has one element.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::{Aggregation, Denominator, Mask, Positive, entropy_bonus};
/// let device = Device::default();
/// let mask = Mask::from_lengths(&[2], 2)?;
/// let rule = Denominator::new(Aggregation::TokenMean, mask.totals());
/// let entropy_bt = Tensor::<2>::from_data([[1.0, 3.0]], &device);
/// let bonus = entropy_bonus(entropy_bt, Positive::new(0.01)?, &mask.to_device(&device), rule)?;
/// assert!((bonus.into_scalar::<f32>() + 0.02).abs() < 1e-7);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn entropy_bonus(
    entropy_bt: Tensor<2>,
    coefficient: Positive,
    mask: &DeviceMask,
    denominator: Denominator,
) -> Result<Tensor<1>, AlgoError> {
    Ok(aggregate(entropy_bt, mask, denominator)? * -coefficient.get())
}

/// Weights that keep the share q of tokens with the highest entropy, for [`crate::surrogate::weigh`].
///
/// keep ⟺ H ≥ quantile_{1−q}(H of the tokens that count), with linear interpolation
///
/// Wang et al., "Beyond the 80/20 Rule", arXiv 2506.01939; TRL's `top_entropy_quantile`. Denominators keep the full
/// mask.
///
/// By hand: H = 1, 2, 3 and q = ½: the median is 2, so the last two are kept.
///
/// ```
/// use rl_algos::{Fraction, Grid, Mask, top_entropy};
/// let entropy_bt = Grid::from_rows(vec![vec![1.0, 2.0, 3.0, 99.0]])?;
/// let kept_bt = top_entropy(&entropy_bt, &Mask::from_lengths(&[3], 4)?, Fraction::new(0.5)?)?;
/// assert_eq!(kept_bt.cells(), [0.0, 1.0, 1.0, 0.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn top_entropy(entropy_bt: &Grid<f64>, mask: &Mask, share: Fraction) -> Result<Grid<f64>, AlgoError> {
    same_shape("entropies", entropy_bt.shape(), mask.shape())?;
    let mut ranked = mask.all_kept(entropy_bt).collect::<Vec<_>>();
    ranked.sort_by(f64::total_cmp);
    let threshold = quantile(&ranked, 1.0 - share.get());
    Ok(mask.fill(|row, t| f64::from(u8::from(entropy_bt.row(row)[t] >= threshold))))
}

/// Linear interpolation between the two nearest of ascending values; −∞ when there are none.
fn quantile(ranked: &[f64], at: f64) -> f64 {
    let Some(last) = ranked.len().checked_sub(1) else { return f64::NEG_INFINITY };
    let place = at * last as f64;
    let (below, above) = (ranked[place.floor() as usize], ranked[(place.ceil() as usize).min(last)]);
    below + (above - below) * place.fract()
}
