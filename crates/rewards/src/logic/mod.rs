//! Rewards and rules of Logic-V: consistency, stability, the routing of votes.

mod arbiter;
mod consistency;
mod entropy;
mod route;
mod stability;

pub use arbiter::{Arbiter, ArbiterQuery, ArbiterVerdict, ScriptedArbiter};
pub use consistency::{ArbiterFailure, LogicalConsistency};
pub use entropy::{LetterEntropy, certainty};
pub use route::{Decision, Escalation, Votes, route};
pub use stability::{Stability, jaccard};
