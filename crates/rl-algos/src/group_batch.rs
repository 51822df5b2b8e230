//! Prompts with their completions, and a batch of them seen as rows.

use crate::completion::{Completion, StopReason};
use crate::error::AlgoError;
use crate::grid::Grid;
use crate::groups::Groups;
use crate::mask::Mask;

/// One prompt and the completions that answer it.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<P> {
    prompt: P,
    completions: Vec<Completion>,
}

impl<P> Group<P> {
    /// Refuses a prompt without completions.
    pub fn new(prompt: P, completions: Vec<Completion>) -> Result<Self, AlgoError> {
        if completions.is_empty() {
            return Err(AlgoError::Empty { what: "completions of a prompt" });
        }
        Ok(Self { prompt, completions })
    }

    /// What was asked.
    pub const fn prompt(&self) -> &P {
        &self.prompt
    }

    /// What was answered.
    pub fn completions(&self) -> &[Completion] {
        &self.completions
    }
}

/// Groups in order; row i of every tensor made from them is the i-th completion of [`GroupBatch::completions`].
///
/// ```
/// use rl_algos::{Completion, Group, GroupBatch, StopReason};
/// let complete = |ids: &[u32]| {
///     Completion::new(ids.to_vec(), vec![-0.5; ids.len()], String::new(), StopReason::Stop)
/// };
/// let groups = vec![Group::new("2 + 2?", vec![complete(&[4, 0])?, complete(&[5])?])?];
/// let batch = GroupBatch::new(groups);
/// assert_eq!(batch.mask().counts(), [2, 1]);
/// assert_eq!(batch.row_groups().members(0), [0, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GroupBatch<P> {
    groups: Vec<Group<P>>,
}

impl<P> GroupBatch<P> {
    /// Takes groups of any sizes.
    pub const fn new(groups: Vec<Group<P>>) -> Self {
        Self { groups }
    }

    /// The groups.
    pub fn groups(&self) -> &[Group<P>] {
        &self.groups
    }

    /// All completions, row by row.
    pub fn completions(&self) -> impl Iterator<Item = &Completion> {
        self.groups.iter().flat_map(|group| group.completions.iter())
    }

    /// Which rows share a prompt.
    pub fn row_groups(&self) -> Groups {
        let keys = self.groups.iter().enumerate().flat_map(|(group, g)| vec![group; g.completions.len()]);
        Groups::by_key(&keys.collect::<Vec<_>>())
    }

    /// Every token of every completion, padded to the longest.
    pub fn mask(&self) -> Mask {
        let lengths = self.completions().map(|completion| completion.token_ids().len()).collect::<Vec<_>>();
        let width = lengths.iter().copied().max().unwrap_or(0);
        Mask::new(Grid::from_fn([lengths.len(), width], |row, t| t < lengths[row]))
    }

    /// ℓˢ: the log-probabilities the sampler reported, 0 in the padding.
    pub fn sampler_logp(&self) -> Grid<f64> {
        let rows = self.completions().map(Completion::logprobs).collect::<Vec<_>>();
        let width = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        Grid::from_fn([rows.len(), width], |row, t| rows[row].get(t).copied().map_or(0.0, f64::from))
    }

    /// Which completions were cut by the length limit.
    pub fn truncated(&self) -> Vec<bool> {
        self.completions().map(|completion| completion.stop() == StopReason::Length).collect()
    }
}
