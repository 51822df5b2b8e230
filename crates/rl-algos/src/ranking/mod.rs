//! Learning to rank: losses for models that choose among a few candidates, such as the in-context example
//! selectors of Lever-LM.

mod listwise;
mod pairwise;
mod rce;

pub use listwise::listwise;
pub use pairwise::pairwise;
pub use rce::{LinearTemperature, RewardScale, rce_weights, weighted_cross_entropy};
