//! Which rows belong together, as a type: an index convention cannot be forgotten if there is none.

use std::collections::HashMap;
use std::hash::Hash;

use crate::error::AlgoError;

/// A partition of the rows of a batch: every row belongs to exactly one group.
///
/// Groups are keyed, never cut by a stride, so shuffled batches and groups of unequal size are ordinary.
///
/// ```
/// use rl_algos::Groups;
/// let groups = Groups::by_key(&["cat", "dog", "cat"]);
/// assert_eq!(groups.members(0), [0, 2]);
/// assert_eq!(groups.group_of(1), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    members: Vec<Vec<usize>>,
    group_of: Vec<usize>,
}

impl Groups {
    /// Puts rows with equal keys together; groups are numbered by first appearance.
    pub fn by_key<K: Eq + Hash>(keys: &[K]) -> Self {
        let mut seen = HashMap::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        let mut group_of = Vec::with_capacity(keys.len());
        for (row, key) in keys.iter().enumerate() {
            let group = *seen.entry(key).or_insert(members.len());
            if group == members.len() {
                members.push(Vec::new());
            }
            members[group].push(row);
            group_of.push(group);
        }
        Self { members, group_of }
    }

    /// Consecutive groups of the given sizes.
    ///
    /// ```
    /// use rl_algos::Groups;
    /// assert_eq!(Groups::from_sizes(&[2, 1])?.members(1), [2]);
    /// assert!(Groups::from_sizes(&[2, 0]).is_err());
    /// # Ok::<(), rl_algos::AlgoError>(())
    /// ```
    pub fn from_sizes(sizes: &[usize]) -> Result<Self, AlgoError> {
        if sizes.contains(&0) {
            return Err(AlgoError::Empty { what: "group" });
        }
        let keys = sizes.iter().enumerate().flat_map(|(group, size)| vec![group; *size]).collect::<Vec<_>>();
        Ok(Self::by_key(&keys))
    }

    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.group_of.len()
    }

    /// Number of groups.
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no row at all.
    pub const fn is_empty(&self) -> bool {
        self.group_of.is_empty()
    }

    /// The rows of one group, ascending.
    ///
    /// # Panics
    /// When `group` is not below [`Groups::len`], as slices do.
    pub fn members(&self, group: usize) -> &[usize] {
        &self.members[group]
    }

    /// The group of one row.
    ///
    /// # Panics
    /// When `row` is not below [`Groups::rows`], as slices do.
    pub fn group_of(&self, row: usize) -> usize {
        self.group_of[row]
    }

    /// All groups in order.
    pub fn iter(&self) -> impl Iterator<Item = &[usize]> {
        self.members.iter().map(Vec::as_slice)
    }
}
