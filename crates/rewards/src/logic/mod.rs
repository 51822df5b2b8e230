//! Rewards and rules of Logic-V: consistency, stability, the routing of votes.

mod arbiter;
mod claim;
mod consistency;
mod entropy;
mod failure;
mod free_text;
mod referee;
mod retries;
mod route;
mod scripted;
mod stability;

pub use arbiter::{Arbiter, ArbiterQuery, ArbiterVerdict};
pub use consistency::LogicalConsistency;
pub use entropy::{LetterEntropy, certainty};
pub use failure::ArbiterFailure;
pub use free_text::{AnswerParams, ArbiterError, TextPrompt};
pub use referee::{RefereePrompt, RefereedConsistency};
pub use retries::Retries;
pub use route::{Decision, Escalation, Votes, route};
pub use scripted::ScriptedArbiter;
pub use stability::{Stability, jaccard};
