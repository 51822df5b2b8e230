//! Room for prompts of different lengths, taken and given back in any order.

use std::ops::Range;

/// Free rows of a stretch of the cache: first fit, and neighbours grow together again.
#[derive(Debug)]
pub(super) struct Arena {
    /// Ascending, neither empty nor touching.
    free: Vec<Range<usize>>,
}

impl Arena {
    /// All of `rows` is free.
    pub(super) fn new(rows: Range<usize>) -> Self {
        Self { free: if rows.is_empty() { Vec::new() } else { vec![rows] } }
    }

    /// The first free stretch of `len` rows, if there is one.
    pub(super) fn take(&mut self, len: usize) -> Option<Range<usize>> {
        let index = self.free.iter().position(|free| free.len() >= len)?;
        let start = self.free[index].start;
        self.free[index].start += len;
        if self.free[index].is_empty() {
            self.free.remove(index);
        }
        Some(start..start + len)
    }

    /// Gives back what was taken.
    pub(super) fn give(&mut self, rows: Range<usize>) {
        if rows.is_empty() {
            return;
        }
        let index = self.free.partition_point(|free| free.start < rows.start);
        self.free.insert(index, rows);
        self.join(index);
        if index > 0 {
            self.join(index - 1);
        }
    }

    /// Joins a stretch with the next one when they touch.
    fn join(&mut self, index: usize) {
        if self.free.get(index + 1).is_some_and(|next| next.start == self.free[index].end) {
            self.free[index].end = self.free.remove(index + 1).end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_whole_in_whatever_order_they_are_given() {
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut arena = Arena::new(5..25);
            let taken = [7, 5, 8].map(|len| arena.take(len).unwrap());
            assert_eq!(taken, [5..12, 12..17, 17..25]);
            assert_eq!(arena.take(1), None);
            for index in order {
                arena.give(taken[index].clone());
            }
            assert_eq!(arena.free.len(), 1, "given back as {order:?}");
            assert_eq!(arena.free[0], 5..25);
        }
    }

    #[test]
    fn a_gap_is_used_by_what_fits_into_it() {
        let mut arena = Arena::new(0..10);
        let first = arena.take(4).unwrap();
        assert_eq!(arena.take(4), Some(4..8));
        arena.give(first);
        assert_eq!(arena.take(5), None);
        assert_eq!((arena.take(3), arena.take(2)), (Some(0..3), Some(8..10)));
    }
}
