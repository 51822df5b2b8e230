//! Why is my loss zero? One group of completions, token by token, in words and numbers.

use std::fmt;

use crate::advantage::{Grpo, summarise};
use crate::error::{AlgoError, same_shape};
use crate::grid::Grid;
use crate::groups::Groups;
use crate::hyper::ClipBand;
use crate::kl::Estimator;
use crate::mask::Mask;
use crate::rewards::Rewards;

/// Everything the loss of one group depends on, on the host.
#[derive(Debug, Clone)]
pub struct GroupCase<'a> {
    /// One reward per completion.
    pub rewards: &'a Rewards,
    /// The loss mask.
    pub mask: &'a Mask,
    /// ℓ.
    pub logp_bt: &'a Grid<f64>,
    /// ℓᵒ.
    pub old_bt: &'a Grid<f64>,
    /// ℓᶠ, if a reference takes part.
    pub reference_bt: Option<&'a Grid<f64>>,
    /// The clip.
    pub band: ClipBand,
    /// Weight of k3 in the loss.
    pub beta: f64,
}

/// Which side of the clip acts on a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clip {
    /// None: the token learns.
    Free,
    /// ρ < 1 − ε_low and A < 0: it may not become rarer still.
    Low,
    /// ρ > 1 + ε_high and A > 0: it may not become more frequent still.
    High,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenLine {
    /// Completion within the group.
    pub row: usize,
    /// Position within the completion.
    pub token: usize,
    /// ρ = e^(ℓ − ℓᵒ).
    pub ratio: f64,
    /// The clip.
    pub clip: Clip,
    /// A.
    pub advantage: f64,
    /// k3 to the reference; 0 without one.
    pub kl: f64,
    /// −min(ρA, clip(ρ)A) + β·k3.
    pub loss: f64,
    /// Derivative of that loss by ℓ.
    pub slope: f64,
}

/// A reason why a group teaches little or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// All rewards are equal, so every advantage is exactly 0.
    EqualRewards,
    /// Fewer than two completions have a reward.
    NothingToCompare,
    /// This many completions have no reward and count as average.
    Unscored(usize),
    /// This many completions have no token in the mask.
    EmptyRows(usize),
    /// Every token with an advantage sits behind the clip.
    AllClipped,
    /// All ratios are 1: centred advantages make the value 0, the gradient is not 0.
    OnPolicy,
}

/// The table and what to make of it; its `Display` prints both.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// One line per token of the mask.
    pub lines: Vec<TokenLine>,
    /// Reasons, most serious first.
    pub findings: Vec<Finding>,
}

/// Explains GRPO's loss on one group with TRL's advantages (ε = 1e-4).
///
/// ```
/// use rl_algos::{ClipBand, Grid, Mask, Rewards, explain::{Finding, GroupCase, explain}};
/// let logp_bt = Grid::from_rows(vec![vec![-0.5], vec![-2.0]])?;
/// let explanation = explain(&GroupCase {
///     rewards: &Rewards::from_scores(&[1.0, 1.0])?,
///     mask: &Mask::from_lengths(&[1, 1], 1)?,
///     logp_bt: &logp_bt,
///     old_bt: &logp_bt,
///     reference_bt: None,
///     band: ClipBand::PPO,
///     beta: 0.0,
/// })?;
/// assert_eq!(explanation.findings[0], Finding::EqualRewards);
/// assert!(explanation.to_string().contains("all rewards are equal"));
/// # Ok::<(), rl_algos::AlgoError>(())
/// ```
pub fn explain(case: &GroupCase<'_>) -> Result<Explanation, AlgoError> {
    let shape = case.mask.shape();
    same_shape("log-probabilities", case.logp_bt.shape(), shape)?;
    same_shape("old log-probabilities", case.old_bt.shape(), shape)?;
    if let Some(reference_bt) = case.reference_bt {
        same_shape("reference log-probabilities", reference_bt.shape(), shape)?;
    }
    let group = Groups::by_key(&vec![(); case.rewards.len()]);
    let advantage_b = Grpo::TRL.advantages(case.rewards, &group)?;
    crate::error::same_length("rewards", advantage_b.len(), shape[0])?;
    let kept = (0..shape[0]).flat_map(|row| (0..shape[1]).map(move |t| (row, t)));
    let lines = kept
        .filter(|(row, t)| case.mask.row(*row)[*t])
        .map(|(row, t)| line(case, row, t, advantage_b[row]))
        .collect::<Vec<_>>();
    let findings = findings(case, &group, &lines)?;
    Ok(Explanation { lines, findings })
}

fn line(case: &GroupCase<'_>, row: usize, token: usize, advantage: f64) -> TokenLine {
    let at = |grid: &Grid<f64>| grid.row(row)[token];
    let ratio = (at(case.logp_bt) - at(case.old_bt)).clamp(-300.0, 300.0).exp();
    let clip = match advantage {
        a if a < 0.0 && ratio < case.band.floor() => Clip::Low,
        a if a > 0.0 && ratio > case.band.ceiling() => Clip::High,
        _ => Clip::Free,
    };
    let d = case.reference_bt.map_or(0.0, |reference_bt| at(case.logp_bt) - at(reference_bt));
    let kl = Estimator::K3.of(d);
    let clipped = ratio.clamp(case.band.floor(), case.band.ceiling());
    let policy_slope = if clip == Clip::Free { -ratio * advantage } else { 0.0 };
    TokenLine {
        row,
        token,
        ratio,
        clip,
        advantage,
        kl,
        loss: -(ratio * advantage).min(clipped * advantage) + case.beta * kl,
        slope: policy_slope + case.beta * (1.0 - (-d).clamp(-300.0, 300.0).exp()),
    }
}

fn findings(case: &GroupCase<'_>, group: &Groups, lines: &[TokenLine]) -> Result<Vec<Finding>, AlgoError> {
    let summary = summarise(case.rewards, group)?;
    let empty = case.mask.counts().iter().filter(|count| **count == 0).count();
    let mut learning = lines.iter().filter(|line| line.advantage != 0.0).peekable();
    let any = learning.peek().is_some();
    let on_policy = any && lines.iter().all(|line| line.ratio == 1.0);
    let found = [
        (summary.flat > 0, Finding::EqualRewards),
        (summary.lonely > 0, Finding::NothingToCompare),
        (summary.unscored_rows > 0, Finding::Unscored(summary.unscored_rows)),
        (empty > 0, Finding::EmptyRows(empty)),
        (any && learning.all(|line| line.clip != Clip::Free), Finding::AllClipped),
        (on_policy, Finding::OnPolicy),
    ];
    Ok(found.into_iter().filter(|(holds, _)| *holds).map(|(_, finding)| finding).collect())
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EqualRewards => f.write_str("all rewards are equal: every advantage is exactly 0"),
            Self::NothingToCompare => {
                f.write_str("fewer than two completions have a reward: nothing to compare")
            }
            Self::Unscored(rows) => write!(f, "{rows} completions have no reward: their advantage is 0"),
            Self::EmptyRows(rows) => write!(f, "{rows} completions have no token in the mask"),
            Self::AllClipped => {
                f.write_str("every token with an advantage is behind the clip: no policy gradient")
            }
            Self::OnPolicy => {
                f.write_str("all ratios are 1: the value is near 0 by centring, the gradient is not")
            }
        }
    }
}

impl fmt::Display for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Free => "-",
            Self::Low => "low",
            Self::High => "high",
        })
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "row token      ratio  clip  advantage         kl       loss      slope")?;
        for line in &self.lines {
            let TokenLine { row, token, ratio, clip, advantage, kl, loss, slope } = line;
            writeln!(
                f,
                "{row:>3} {token:>5} {ratio:>10.5} {clip:>5} {advantage:>10.5} {kl:>10.5} {loss:>10.5} {slope:>10.5}"
            )?;
        }
        self.findings.iter().try_for_each(|finding| writeln!(f, "- {finding}"))
    }
}
