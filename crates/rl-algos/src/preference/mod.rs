//! Preference losses: learning from pairs of a better and a worse completion, and from single judged ones.
//!
//! | symbol | meaning |
//! |---|---|
//! | S_c, S_r | Σₜ mℓ of the chosen and of the rejected completion |
//! | F_c, F_r | the same under the frozen reference |
//! | a = S_c − F_c, b = S_r − F_r | implicit rewards divided by β |
//! | h = a − b | the margin |
//! | n_c, n_r; s_c, s_r | token counts; averaged log-probabilities S/n |
//! | σ, β, λ | logistic function, inverse temperature, label smoothing |
//!
//! Functions return one loss per pair, `[P]`, for [`crate::mean_over_rows`]. TRL's MPO (arXiv 2411.10442) is
//! 0.8·[`sigmoid`] + 0.2·[`bco_pair`] + 1.0·[`crate::supervised::nll`] of the chosen completions.

mod alphapo;
mod aot;
mod apo;
mod bco;
mod cpo;
mod discopop;
mod divergence;
mod exo;
mod hinge;
mod ipo;
mod kto;
mod margins;
mod nca;
mod orpo;
mod pairs;
mod robust;
mod scores;
mod sigmoid;
mod simpo;
mod sppo;

pub use alphapo::{Alphapo, alphapo};
pub use aot::{aot, aot_unpaired};
pub use apo::{apo_down, apo_zero, apo_zero_unpaired};
pub use bco::bco_pair;
pub use cpo::{cpo_hinge, cpo_ipo, cpo_sigmoid};
pub use discopop::discopop;
pub use divergence::{Divergence, sigmoid_divergence};
pub use exo::exo_pair;
pub use hinge::hinge;
pub use ipo::{ipo, ipo_sum};
pub use kto::{JudgedBatch, KtoWeights, Verdict, kl_baseline, kto, kto_pair};
pub use margins::{Margins, margins};
pub use nca::nca_pair;
pub use orpo::odds_ratio;
pub use pairs::{PairScores, PreferenceBatch};
pub use robust::{Smoothing, robust};
pub use scores::SequenceScores;
pub use sigmoid::{sigmoid, sigmoid_norm};
pub use simpo::{Simpo, simpo};
pub use sppo::sppo_hard;

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

use crate::hyper::Fraction;

/// −(1 − λ)·ln σ(z) − λ·ln σ(−z).
fn smoothed(z_p: Tensor<1>, smoothing: Fraction) -> Tensor<1> {
    let lambda = smoothing.get();
    log_sigmoid(z_p.clone()) * (lambda - 1.0) - log_sigmoid(-z_p) * lambda
}

/// max(0, 1 − z).
fn hinged(z_p: Tensor<1>) -> Tensor<1> {
    (-z_p + 1.0).clamp_min(0.0)
}

/// x².
fn squared(x_p: Tensor<1>) -> Tensor<1> {
    x_p.clone() * x_p
}
