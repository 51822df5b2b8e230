//! How much may run at once, and how the cache is divided for a call.

use super::GenerateError;
use std::num::NonZeroUsize;

/// Limits of a call. They decide how fast it is and how much memory it takes, never what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Completions that run side by side.
    pub running: NonZeroUsize,
    /// Rows of keys and values for them and their prompts.
    pub cache_rows: usize,
}

impl Capacity {
    /// At most `running` completions and `cache_rows` rows;
    /// [`VlModel::cache_row_bytes`](crate::VlModel::cache_row_bytes) says what a row takes.
    pub fn new(running: NonZeroUsize, cache_rows: usize) -> Self {
        Self { running, cache_rows }
    }
}

impl Default for Capacity {
    /// 64 completions and 2²⁰ rows: on the CPU, rows that nobody writes take no memory.
    fn default() -> Self {
        Self::new(NonZeroUsize::MIN.saturating_add(63), 1 << 20)
    }
}

/// What a call needs room for.
pub(super) struct Demand {
    /// Request and length of every prompt, the longest first.
    pub prompts: Vec<(usize, usize)>,
    /// Completions of all prompts.
    pub samples: usize,
    /// Rows that a completion of full length takes.
    pub completion_rows: usize,
}

/// A cache divided into equal slots for completions, and an arena for prompts behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Division {
    pub slots: usize,
    pub slot_rows: usize,
    pub arena_rows: usize,
}

impl Division {
    /// As many slots as are allowed, wanted, and leave room for the prompts that are alive at a time.
    pub(super) fn new(demand: &Demand, capacity: Capacity) -> Result<Self, GenerateError> {
        let Some(&(request, longest)) = demand.prompts.first() else {
            return Ok(Self { slots: 0, slot_rows: 0, arena_rows: 0 });
        };
        let (slot_rows, allowed) = (demand.completion_rows, capacity.cache_rows);
        let needed = longest.saturating_add(slot_rows);
        if needed > allowed {
            return Err(GenerateError::CacheRows { request, needed, allowed });
        }
        let fits = |slots: &usize| {
            let rows = slots.saturating_mul(slot_rows).saturating_add(demand.alive_rows(*slots));
            rows <= allowed
        };
        let most = capacity.running.get().min(demand.samples);
        let slots = (1..=most).rev().find(fits).unwrap_or(1);
        let arena_rows = demand.alive_rows(slots).min(allowed - slots * slot_rows);
        Ok(Self { slots, slot_rows, arena_rows })
    }

    /// Rows of the whole cache.
    pub(super) fn rows(&self) -> usize {
        self.slots * self.slot_rows + self.arena_rows
    }
}

impl Demand {
    /// Rows of the longest prompts that can be alive while `slots` completions run: those of full groups, and one
    /// whose last completions are still being written.
    fn alive_rows(&self, slots: usize) -> usize {
        let group = (self.samples / self.prompts.len()).max(1);
        self.prompts.iter().take(slots.div_ceil(group) + 1).map(|(_, len)| len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(lengths: &[usize], group: usize, completion_rows: usize) -> Demand {
        let prompts: Vec<_> = lengths.iter().copied().enumerate().collect();
        Demand { samples: prompts.len() * group, prompts, completion_rows }
    }

    fn divide(demand: &Demand, running: usize, rows: usize) -> Result<Division, GenerateError> {
        Division::new(demand, Capacity::new(NonZeroUsize::new(running).unwrap(), rows))
    }

    #[test]
    fn a_wide_budget_gives_every_completion_a_slot_and_takes_no_more_than_needed() {
        let division = divide(&demand(&[30, 20], 4, 10), 64, 1 << 20).unwrap();
        assert_eq!(division, Division { slots: 8, slot_rows: 10, arena_rows: 50 });
    }

    #[test]
    fn a_narrow_budget_gives_fewer_slots_and_still_holds_the_longest_prompt() {
        for rows in 40..200 {
            let division = divide(&demand(&[30, 20, 5], 4, 10), 64, rows).unwrap();
            assert!(division.rows() <= rows && division.slots >= 1 && division.arena_rows >= 30);
        }
        assert_eq!(divide(&demand(&[30, 20, 5], 4, 10), 2, 200).unwrap().slots, 2);
    }

    #[test]
    fn what_can_never_fit_is_refused_with_its_size() {
        let error = divide(&demand(&[30], 1, 10), 1, 39).unwrap_err();
        assert_eq!(error, GenerateError::CacheRows { request: 0, needed: 40, allowed: 39 });
        assert!(divide(&demand(&[30], 1, usize::MAX), 1, 1 << 20).is_err());
    }
}
