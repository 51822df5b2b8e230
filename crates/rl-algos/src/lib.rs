//! Advantages, policy-gradient and preference losses as pure functions, and the traits that compose them.
//!
//! Nothing here knows a model, a tokenizer or a file. Statistics over rewards are host arithmetic in f64; losses are
//! functions of burn tensors, differentiable in the log-probabilities of the policy in training.
//!
//! # The way of a batch
//! 1. A [`Sampler`] turns prompts into a [`GroupBatch`]: completions with the log-probabilities they were drawn with.
//! 2. Somebody judges them: [`Rewards`], one finite number or nothing per row.
//! 3. [`advantage`] compares the rows of a group: [`Advantages`].
//! 4. A [`Policy`] scores the completions; [`PolicyBatch`] puts scores, old scores and advantages together.
//! 5. A [`surrogate`] gives a loss per token, [`kl`] adds the distance to a reference, [`correction`] repairs what the
//!    sampler computed differently.
//! 6. [`aggregate`] divides once, by a [`Denominator`] made from the totals of the whole step: the gradient is the
//!    same for any split into micro-batches.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use rl_algos::advantage::Grpo;
//! use rl_algos::{Advantages, Aggregation, ClipBand, Denominator, Groups, Mask, PolicyBatch, Rewards};
//! use rl_algos::{aggregate, surrogate};
//!
//! let device = Device::default().autodiff();
//! let groups = Groups::from_sizes(&[2])?;                         // one prompt, two completions
//! let rewards = Rewards::from_scores(&[1.0, 0.0])?;
//! let advantages = Advantages::Rows(Grpo::TRL.advantages(&rewards, &groups)?);
//!
//! let mask = Mask::from_lengths(&[2, 1], 2)?;
//! let denominator = Denominator::new(Aggregation::TokenMean, mask.totals());
//! let mask = mask.to_device(&device);
//! let logp_bt = Tensor::<2>::from_data([[-0.5, -1.0], [-2.0, 0.0]], &device).require_grad();
//! let batch = PolicyBatch::new(logp_bt.clone(), logp_bt.clone(), &advantages, &mask)?;
//! let loss = aggregate(surrogate::ppo_clip(&batch, ClipBand::DAPO), &mask, denominator)?;
//!
//! let gradient = logp_bt.grad(&loss.backward()).expect("the leaf is tracked");
//! let gradient = gradient.into_data_as::<f32>().try_to_vec::<f32>().unwrap();
//! assert!((gradient[0] + 0.7070 / 3.0).abs() < 1e-4);             // the better completion becomes likelier
//! # Ok::<(), rl_algos::AlgoError>(())
//! ```
//!
//! # Where to look
//! | module | holds |
//! |---|---|
//! | [`advantage`] | GRPO, Dr. GRPO, RLOO, Reinforce++ (three forms and baseline), ReMax, GAE, OPO, pass@k, GDPO, … |
//! | [`surrogate`] | PPO clip, dual clip, GSPO, CISPO, SAPO, VESPO, GMPO, DPPO, Clip-Cov, … |
//! | [`kl`] | k1, k2, k3, |d|; straight-through and corrected gradients; in loss or reward; controllers |
//! | [`correction`] | importance weights and rejection between sampler and trainer |
//! | [`preference`] | DPO and its family, IPO, SimPO, CPO, ORPO, KTO, … |
//! | [`supervised`], [`ranking`], [`shaping`] | SFT losses; RCE, listwise, pairwise; length rewards and group filters |
//! | [`mod@explain`] | why a loss is zero |
//!
//! # Numbers
//! Masked positions may hold anything, NaN included. Ratios are computed with exponents limited to ±40 (f32) or
//! ±300 (f64), so the value and the gradient of a ratio stay finite for any log-probabilities; a framework's tighter
//! guards are explicit arguments. Hyper-parameters are types that hold valid values only ([`Positive`],
//! [`Fraction`], [`ClipBand`]).

pub mod advantage;
pub mod correction;
pub mod explain;
pub mod kl;
pub mod preference;
pub mod ranking;
pub mod shaping;
pub mod supervised;
pub mod surrogate;

mod aggregate;
mod completion;
mod entropy;
mod error;
mod grid;
mod group_batch;
mod groups;
mod hyper;
mod log_ratio;
mod mask;
mod policy;
mod policy_batch;
mod rewards;
mod sampler;
mod sampling;

pub use advantage::{Advantages, MAX_ADVANTAGE};
pub use aggregate::{Aggregation, Denominator, aggregate, mean_over_rows};
pub use completion::{Completion, CompletionError, StopReason};
pub use entropy::{entropy_bonus, top_entropy};
pub use error::AlgoError;
pub use grid::Grid;
pub use group_batch::{Group, GroupBatch};
pub use groups::Groups;
pub use hyper::{ClipBand, Fraction, Positive};
pub use log_ratio::LogRatio;
pub use mask::{DeviceMask, Mask, Totals};
pub use policy::{Adapters, EntropyRequest, Policy, ScoreRequest, Scores};
pub use policy_batch::PolicyBatch;
pub use rewards::{MAX_REWARD, Rewards};
pub use sampler::Sampler;
pub use sampling::{SamplingError, SamplingParams};
