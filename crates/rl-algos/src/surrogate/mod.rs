//! Policy surrogates: from ratios and advantages to a loss per token, to be minimised.
//!
//! Each function is one published objective. All take a [`PolicyBatch`](crate::PolicyBatch) and return token losses `[B, T]` for
//! [`crate::aggregate`], or row losses `[B]` for [`crate::mean_over_rows`]. Guards of a framework are explicit:
//! `ppo_clip(&batch.clamp_log_ratio(20.0), band)` is OpenRLHF's PPO.
//!
//! | symbol | meaning |
//! |---|---|
//! | ℓ, δ, ρ, A | see [`PolicyBatch`](crate::PolicyBatch) |
//! | sg(·) | no gradient through this |
//! | clip(ρ) | ρ limited to the [`ClipBand`] |

mod cispo;
mod clip;
mod clip_metrics;
mod covariance;
mod dppo;
mod dro;
mod dual_clip;
mod gmpo;
mod gspo;
mod reinforce;
mod sapo;
mod sequence_clip;
mod value;
mod vespo;

pub use cispo::{cispo, cispo_banded};
pub use clip::{ppo_capped, ppo_clip};
pub use clip_metrics::{ClipMetrics, clip_metrics, clipped_share, dual_clipped_share};
pub use covariance::{ClipCov, KlCov, clip_cov, kl_cov};
pub use dppo::{DivergenceLimits, dppo_kl, dppo_quadratic, dppo_tv};
pub use dro::dro;
pub use dual_clip::dual_clip;
pub use gmpo::{EmptyRow, gmpo};
pub use gspo::{gspo, gspo_token};
pub use reinforce::{importance_weighted, reinforce};
pub use sapo::{SapoTemperatures, sapo};
pub use sequence_clip::sequence_clip;
pub use value::{ValueBatch, clipped_value};
pub use vespo::{Vespo, VespoShape, vespo};

use burn::tensor::Tensor;

use crate::error::{AlgoError, same_shape};
use crate::grid::Grid;
use crate::hyper::ClipBand;

/// −min(ρA, clip(ρ)A), for ratios per token or per row alike.
fn clipped_objective<const D: usize>(
    free: Tensor<D>,
    ratio: Tensor<D>,
    advantage: Tensor<D>,
    band: ClipBand,
) -> Tensor<D> {
    let clipped = ratio.clamp(band.floor(), band.ceiling()) * advantage.clone();
    -(free * advantage).min_pair(clipped)
}

/// Multiplies token losses by constants: importance weights, or 1 and 0 to keep and drop.
///
/// # Shapes
/// `loss_bt` and `weights_bt` `[B, T]`.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rl_algos::{Grid, surrogate::weigh};
/// let loss_bt = Tensor::<2>::from_data([[1.0, 2.0]], &Device::default());
/// let weighed_bt = weigh(loss_bt, &Grid::from_rows(vec![vec![0.5, 0.0]])?)?;
/// assert_eq!(weighed_bt.into_data_as::<f32>().try_to_vec::<f32>().unwrap(), [0.5, 0.0]);
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn weigh(loss_bt: Tensor<2>, weights_bt: &Grid<f64>) -> Result<Tensor<2>, AlgoError> {
    same_shape("token weights", weights_bt.shape(), loss_bt.dims())?;
    let weights_bt = weights_bt.beside(&loss_bt);
    Ok(loss_bt * weights_bt)
}
