//! Scores for in-context demonstrations: how good was the answer they led to?

mod modes;
mod normalise;
mod relevance;

pub use modes::{CandidateScore, CandidateWeights, RewardMode};
pub use normalise::{Normalisation, normalise_rewards};
pub use relevance::{edit_similarity, ground_truth_probability, token_f1};
