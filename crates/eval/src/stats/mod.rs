//! How sure a score is: intervals, resampling, paired tests, pass@k.

mod bootstrap;
mod draws;
mod interval;
mod mcnemar;
mod paired;
mod pass_at_k;
mod spread;

pub use bootstrap::bootstrap_mean;
pub use draws::Draws;
pub use interval::{Interval, wilson};
pub use mcnemar::mcnemar_exact;
pub use paired::{Paired, compare_paired};
pub use pass_at_k::pass_at_k;
pub use spread::{mean, sample_std};
