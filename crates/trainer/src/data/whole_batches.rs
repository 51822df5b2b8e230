//! Epochs without a remainder.

use super::stream::Examples;
use crate::engine::Failure;

/// Examples of which each epoch gives only as many as fill whole batches; the last ones of its order are left out.
pub struct WholeBatches<E> {
    examples: E,
    batch: u64,
}

impl<E: Examples> WholeBatches<E> {
    /// Batches of so many examples.
    pub fn new(examples: E, batch: usize) -> Self {
        Self { examples, batch: batch.max(1) as u64 }
    }
}

impl<E: Examples> Examples for WholeBatches<E> {
    type Item = E::Item;

    fn epoch_len(&self) -> u64 {
        let rows = self.examples.epoch_len();
        rows - rows % self.batch
    }

    fn get(&self, position: u64) -> Result<E::Item, Failure> {
        let kept = self.epoch_len().max(1);
        self.examples.get(position / kept * self.examples.epoch_len() + position % kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Positions(u64);

    impl Examples for Positions {
        type Item = u64;
        fn epoch_len(&self) -> u64 {
            self.0
        }
        fn get(&self, position: u64) -> Result<u64, Failure> {
            Ok(position)
        }
    }

    #[test]
    fn what_does_not_fill_a_batch_is_left_out_of_every_epoch() {
        let whole = WholeBatches::new(Positions(11), 4);
        let taken: Vec<u64> = (0..10).map(|position| whole.get(position).unwrap()).collect();
        assert_eq!((whole.epoch_len(), taken), (8, vec![0, 1, 2, 3, 4, 5, 6, 7, 11, 12]));
        assert_eq!(WholeBatches::new(Positions(11), 1).epoch_len(), 11);
    }
}
