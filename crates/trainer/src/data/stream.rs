//! Examples in an endless, repeatable order, prepared beside the model.

use crate::engine::{BadInput, Failure};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// An endless sequence of examples, epoch after epoch, whose members are made ready when asked for: files read,
/// pictures decoded, text tokenised. What stands at a position never changes, so that a position is all that has to be
/// stored to go on.
pub trait Examples: Send + Sync + 'static {
    /// What an example becomes.
    type Item: Send + 'static;

    /// Examples of an epoch.
    fn epoch_len(&self) -> u64;

    /// Makes the example at a position ready.
    fn get(&self, position: u64) -> Result<Self::Item, Failure>;
}

/// Examples to measure on, at most so many.
pub type HeldOut<T> = Option<(Arc<dyn Examples<Item = T>>, u64)>;

/// What becomes of an example that cannot be made ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadExample {
    /// The run ends with its error.
    #[default]
    Stop,
    /// The next one takes its place; more than one in a hundred of an epoch ends the run all the same.
    Skip,
}

/// The examples one after another, a few of them prepared ahead on another thread.
pub struct Stream<T> {
    examples: Arc<dyn Examples<Item = T>>,
    bad: BadExample,
    ahead: usize,
    position: u64,
    feed: Option<Receiver<(u64, Result<T, Failure>)>>,
    returned: Option<(u64, T)>,
    skipped: Vec<String>,
    skipped_in_all: u64,
}

impl<T: Send + 'static> Stream<T> {
    /// Starts at the first position; prepares at most `ahead` examples before they are taken.
    pub fn new(examples: Arc<dyn Examples<Item = T>>, bad: BadExample, ahead: usize) -> Self {
        Self {
            examples,
            bad,
            ahead: ahead.max(1),
            position: 0,
            feed: None,
            returned: None,
            skipped: Vec::new(),
            skipped_in_all: 0,
        }
    }

    /// The next `n` examples.
    pub fn take(&mut self, n: usize) -> Result<Vec<T>, Failure> {
        Ok(self.take_placed(n)?.into_iter().map(|(_, item)| item).collect())
    }

    /// The next `n` examples, with their positions.
    pub fn take_placed(&mut self, n: usize) -> Result<Vec<(u64, T)>, Failure> {
        let mut taken = Vec::with_capacity(n);
        while taken.len() < n {
            let (position, item) = self.next()?;
            self.position = position + 1;
            match (item, self.bad) {
                (Ok(item), _) => taken.push((position, item)),
                (Err(error), BadExample::Stop) => return Err(BadInput(error).into()),
                (Err(error), BadExample::Skip) => self.skip(error)?,
            }
        }
        Ok(taken)
    }

    /// The next `n` examples, or as many as are left of the epoch: none comes twice. One at least.
    pub fn take_of_epoch(&mut self, n: usize) -> Result<Vec<T>, Failure> {
        let mut taken = Vec::with_capacity(n);
        let mut epoch = None;
        while taken.len() < n && (taken.is_empty() || !self.is_between_epochs()) {
            for (position, item) in self.take_placed(1)? {
                let of = position / self.epoch_len();
                // The last ones of the epoch may have been skipped.
                if *epoch.get_or_insert(of) != of {
                    self.give_back(position, item);
                    return Ok(taken);
                }
                taken.push(item);
            }
        }
        Ok(taken)
    }

    /// Whether the next example is the first of an epoch.
    pub fn is_between_epochs(&self) -> bool {
        self.position.is_multiple_of(self.epoch_len())
    }

    fn epoch_len(&self) -> u64 {
        self.examples.epoch_len().max(1)
    }

    /// Position of the next example.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Puts the example that was taken last back, to be taken next.
    pub fn give_back(&mut self, position: u64, item: T) {
        self.position = position;
        self.returned = Some((position, item));
    }

    /// Goes to a position: what was prepared ahead is forgotten.
    pub fn seek(&mut self, position: u64) {
        self.position = position;
        self.feed = None;
        self.returned = None;
    }

    /// Passes over the collection so far.
    pub fn epoch(&self) -> f64 {
        self.position as f64 / self.epoch_len() as f64
    }

    /// The example at a position, made ready now.
    pub fn at(&self, position: u64) -> Result<T, Failure> {
        self.examples.get(position)
    }

    /// What was skipped since this was asked last.
    pub fn take_skipped(&mut self) -> Vec<String> {
        std::mem::take(&mut self.skipped)
    }

    fn next(&mut self) -> Result<(u64, Result<T, Failure>), Failure> {
        if let Some((position, item)) = self.returned.take() {
            return Ok((position, Ok(item)));
        }
        let (examples, start, ahead) = (self.examples.clone(), self.position, self.ahead);
        let feed = self.feed.get_or_insert_with(|| prepare(examples, start, ahead));
        feed.recv().map_err(|_| "the thread that prepares examples has died".into())
    }

    fn skip(&mut self, error: Failure) -> Result<(), Failure> {
        self.skipped.push(error.to_string());
        self.skipped_in_all += 1;
        // A row that is broken is met again in every epoch.
        let epochs = self.position.div_ceil(self.epoch_len());
        let (found, allowed) = (self.skipped_in_all, epochs * self.epoch_len().div_ceil(100));
        if found <= allowed {
            return Ok(());
        }
        let text = format!(
            "{found} rows could not be used, expected at most {allowed}, one in a hundred; the last: {error}"
        );
        Err(BadInput(text.into()).into())
    }
}

fn prepare<T: Send + 'static>(
    examples: Arc<dyn Examples<Item = T>>,
    start: u64,
    ahead: usize,
) -> Receiver<(u64, Result<T, Failure>)> {
    let (sender, receiver) = sync_channel(ahead);
    // The thread ends when nobody listens any more.
    thread::spawn(move || {
        for position in start.. {
            if sender.send((position, examples.get(position))).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::WholeBatches;

    /// Squares of 0 to 4; the fourth is broken.
    struct Squares;

    impl Examples for Squares {
        type Item = u64;
        fn epoch_len(&self) -> u64 {
            5
        }
        fn get(&self, position: u64) -> Result<u64, Failure> {
            let n = position % 5;
            if n == 3 { Err("example 3 is broken".into()) } else { Ok(n * n) }
        }
    }

    fn stream(bad: BadExample) -> Stream<u64> {
        Stream::new(Arc::new(Squares), bad, 2)
    }

    #[test]
    fn a_stream_goes_on_from_any_position() {
        let mut whole = stream(BadExample::Stop);
        assert_eq!(whole.take(2).unwrap(), [0, 1]);
        whole.seek(4);
        assert_eq!(whole.take_placed(3).unwrap(), [(4, 16), (5, 0), (6, 1)]);
        assert_eq!((whole.position(), whole.epoch(), whole.at(2).unwrap()), (7, 1.4, 4));
    }

    #[test]
    fn what_is_given_back_comes_next() {
        let mut stream = stream(BadExample::Stop);
        let (position, item) = stream.take_placed(2).unwrap().pop().unwrap();
        stream.give_back(position, item);
        assert_eq!(stream.position(), 1);
        assert_eq!(stream.take_placed(2).unwrap(), [(1, 1), (2, 4)]);
    }

    #[test]
    fn what_is_left_of_an_epoch_comes_alone() {
        // The last of four is broken.
        let mut skips = Stream::new(Arc::new(WholeBatches::new(Squares, 4)), BadExample::Skip, 2);
        assert_eq!(skips.take_of_epoch(2).unwrap(), [0, 1]);
        assert_eq!(skips.take_of_epoch(2).unwrap(), [4]);
        assert_eq!((skips.position(), skips.take_skipped().len()), (4, 1));
        let mut whole = stream(BadExample::Stop);
        whole.seek(4);
        assert_eq!(whole.take_of_epoch(3).unwrap(), [16]);
        assert!(whole.is_between_epochs());
        assert_eq!(whole.take_of_epoch(3).unwrap(), [0, 1, 4]);
    }

    #[test]
    fn a_broken_example_ends_the_run_or_is_skipped_and_listed_up_to_a_limit() {
        let mut stops = stream(BadExample::Stop);
        assert!(stops.take(3).is_ok());
        assert!(stops.take(1).unwrap_err().to_string().contains("broken"));
        let mut skips = stream(BadExample::Skip);
        assert_eq!(skips.take_placed(4).unwrap(), [(0, 0), (1, 1), (2, 4), (4, 16)]);
        assert_eq!(skips.take_skipped().len(), 1);
        // The same row in the next epoch is no second broken one.
        assert_eq!(skips.take(4).unwrap(), [0, 1, 4, 16]);
        let mut worse = Stream::new(Arc::new(Halves), BadExample::Skip, 2);
        assert!(worse.take(4).unwrap_err().to_string().contains("one in a hundred"));
        assert_eq!(worse.take_skipped().len(), 2);
    }

    /// Six numbers, every second one broken.
    struct Halves;

    impl Examples for Halves {
        type Item = u64;
        fn epoch_len(&self) -> u64 {
            6
        }
        fn get(&self, position: u64) -> Result<u64, Failure> {
            if position % 2 == 1 { Err("an odd one".into()) } else { Ok(position) }
        }
    }
}
