//! Examples in an endless, repeatable order, prepared beside the model.

use crate::engine::Failure;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// A finite collection whose members are made ready when asked for: files read, pictures decoded, text tokenised.
pub trait Examples: Send + Sync + 'static {
    /// What an example becomes.
    type Item: Send + 'static;

    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes one ready.
    fn get(&self, index: usize) -> Result<Self::Item, Failure>;
}

/// Which example stands at a position of the endless sequence; a pure function, so that nothing has to be stored to
/// go on with it.
pub type Order = Arc<dyn Fn(u64) -> usize + Send + Sync>;

/// Examples to measure on, at most so many.
pub type HeldOut<T> = Option<(Arc<dyn Examples<Item = T>>, usize)>;

/// The examples one after another, a few of them prepared ahead on another thread.
pub struct Stream<T> {
    examples: Arc<dyn Examples<Item = T>>,
    order: Order,
    ahead: usize,
    epoch: u64,
    position: u64,
    feed: Option<Receiver<Result<T, Failure>>>,
}

impl<T: Send + 'static> Stream<T> {
    /// Starts at the first position of a sequence whose epochs hold `epoch` examples; prepares at most `ahead` of them
    /// before they are taken.
    pub fn new(examples: Arc<dyn Examples<Item = T>>, order: Order, ahead: usize, epoch: u64) -> Self {
        Self { examples, order, ahead: ahead.max(1), epoch: epoch.max(1), position: 0, feed: None }
    }

    /// The next `n` examples.
    pub fn take(&mut self, n: usize) -> Result<Vec<T>, Failure> {
        let (order, examples, start) = (self.order.clone(), self.examples.clone(), self.position);
        let ahead = self.ahead;
        let feed = self.feed.get_or_insert_with(|| prepare(examples, order, start, ahead));
        let taken: Result<Vec<T>, Failure> = (0..n)
            .map(|_| feed.recv().unwrap_or_else(|_| Err("the thread that prepares examples has died".into())))
            .collect();
        self.position += n as u64;
        taken
    }

    /// Examples taken so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes to a position: what was prepared ahead is forgotten.
    pub fn seek(&mut self, position: u64) {
        self.position = position;
        self.feed = None;
    }

    /// Passes over the collection so far.
    pub fn epoch(&self) -> f64 {
        self.position as f64 / self.epoch as f64
    }

    /// The example that stands at a position, made ready now.
    pub fn at(&self, position: u64) -> Result<T, Failure> {
        self.examples.get((self.order)(position))
    }
}

fn prepare<T: Send + 'static>(
    examples: Arc<dyn Examples<Item = T>>,
    order: Order,
    start: u64,
    ahead: usize,
) -> Receiver<Result<T, Failure>> {
    let (sender, receiver) = sync_channel(ahead);
    // The thread ends when nobody listens any more.
    thread::spawn(move || {
        for position in start.. {
            if sender.send(examples.get(order(position))).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Squares;

    impl Examples for Squares {
        type Item = u64;
        fn len(&self) -> usize {
            5
        }
        fn get(&self, index: usize) -> Result<u64, Failure> {
            if index == 4 { Err("example 4 is broken".into()) } else { Ok((index * index) as u64) }
        }
    }

    fn stream() -> Stream<u64> {
        Stream::new(Arc::new(Squares), Arc::new(|position| (position * 2 % 5) as usize), 2, 5)
    }

    #[test]
    fn a_stream_goes_on_from_any_position() {
        let mut whole = stream();
        assert_eq!(whole.take(2).unwrap(), [0, 4]);
        whole.seek(3);
        assert_eq!(whole.take(3).unwrap(), [1, 9, 0]);
        assert_eq!((whole.position(), whole.epoch(), whole.at(1).unwrap()), (6, 1.2, 4));
    }

    #[test]
    fn a_broken_example_is_an_error_when_its_turn_comes() {
        let mut stream = stream();
        assert!(stream.take(2).is_ok());
        assert!(stream.take(1).unwrap_err().to_string().contains("broken"));
    }
}
