//! Rewards for spatial questions: relations, counts and distances, all in [−1, 1].

mod combined;
mod counting;
mod distance;
mod relations;
mod reward;

pub use combined::CombinedReward;
pub use counting::{CountingReward, count_score};
pub use distance::{DistanceReward, distance_score};
pub use relations::RelationMatch;
pub use reward::{SpatialReward, SpatialScore, SpatialWeights};
