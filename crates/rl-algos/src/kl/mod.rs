//! Distance to a frozen reference policy: estimators from single samples, their place in loss or reward, and
//! controllers of their coefficient.
//!
//! | symbol | meaning |
//! |---|---|
//! | d = ℓ − ℓᶠ | log-probability under the policy minus that under the reference, a [`LogRatio`](crate::LogRatio) |
//! | sg(·) | no gradient through this |
//!
//! Schulman, "Approximating KL divergence" (2020), names k1, k2 and k3. Values and gradients are separate choices:
//! k1 in a loss has a gradient of expectation zero, k2's gradient is right, [`straight_through`] combines them.

mod abs;
mod controller;
mod estimator;
mod gradient;
mod k1;
mod k2;
mod k3;
mod reward;

pub use abs::abs;
pub use controller::{BandedKl, ProportionalKl};
pub use estimator::{Estimator, Guard};
pub use gradient::{importance_corrected, straight_through, unbiased};
pub use k1::k1;
pub use k2::k2;
pub use k3::k3;
pub use reward::{mean_row_kl, penalised_rewards, token_penalty};
