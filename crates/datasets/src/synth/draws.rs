//! Random numbers that depend on a label and on nothing else.

use sha2::{Digest, Sha256};

const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
const WORDS: usize = 16;

/// A stream of draws: ChaCha with 8 rounds, keyed by the SHA-256 of a label.
///
/// Two streams with the same label give the same numbers on every machine; the numbers of one label say nothing
/// about those of another.
///
/// ```
/// use datasets::synth::Draws;
///
/// let (mut a, mut b) = (Draws::new("42|train|7"), Draws::new("42|train|7"));
/// assert_eq!(a.below(1000), b.below(1000));
/// ```
#[derive(Clone, Debug)]
pub struct Draws {
    key: [u32; 8],
    counter: u64,
    block: [u32; WORDS],
    used: usize,
}

impl Draws {
    /// The stream of a label.
    pub fn new(label: &str) -> Self {
        let digest = Sha256::digest(label.as_bytes());
        let mut key = [0; 8];
        for (word, bytes) in key.iter_mut().zip(digest.chunks_exact(4)) {
            *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        Self { key, counter: 0, block: [0; WORDS], used: WORDS }
    }

    /// The next 32 bits.
    pub fn word(&mut self) -> u32 {
        if self.used == WORDS {
            self.block = chacha8(&self.key, self.counter);
            self.counter += 1;
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    /// A whole number below `bound`, each equally likely; 0 when the bound is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        // Words at the end of the range that do not fill a whole round of `bound` would favour small numbers.
        let fair = u32::MAX - (u32::MAX % bound + 1) % bound;
        loop {
            let word = self.word();
            if word <= fair {
                return word % bound;
            }
        }
    }

    /// A whole number from `low` to `high`, both included; `low` when the range is empty.
    pub fn within(&mut self, low: i32, high: i32) -> i32 {
        let span = high.abs_diff(low);
        if high <= low { low } else { low.wrapping_add_unsigned(self.below(span.saturating_add(1))) }
    }

    /// One of the items, each equally likely.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u32) as usize)
    }

    /// Puts the items into an order, each equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end as u32 + 1) as usize);
        }
    }
}

fn chacha8(key: &[u32; 8], counter: u64) -> [u32; WORDS] {
    let mut start = [0; WORDS];
    start[..4].copy_from_slice(&CONSTANTS);
    start[4..12].copy_from_slice(key);
    start[12] = counter as u32;
    start[13] = (counter >> 32) as u32;
    let mut state = start;
    for _ in 0..4 {
        for lane in 0..4 {
            quarter(&mut state, [lane, lane + 4, lane + 8, lane + 12]);
        }
        for lane in 0..4 {
            quarter(&mut state, [lane, 4 + (lane + 1) % 4, 8 + (lane + 2) % 4, 12 + (lane + 3) % 4]);
        }
    }
    for (word, first) in state.iter_mut().zip(start) {
        *word = word.wrapping_add(first);
    }
    state
}

fn quarter(state: &mut [u32; WORDS], [a, b, c, d]: [usize; 4]) {
    for [x, y, z, left] in [[a, b, d, 16], [c, d, b, 12], [a, b, d, 8], [c, d, b, 7]] {
        state[x] = state[x].wrapping_add(state[y]);
        state[z] = (state[z] ^ state[x]).rotate_left(left as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cipher_gives_the_published_first_block_of_the_zero_key() {
        let bytes: Vec<u8> = chacha8(&[0; 8], 0).iter().flat_map(|word| word.to_le_bytes()).collect();
        let published =
            [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6, 0x7f, 0x5b, 0xb8, 0xe8, 0x1f, 0x09, 0xa5, 0xa1];
        assert_eq!(bytes[..16], published);
    }

    #[test]
    fn draws_are_uniform_and_stay_below_their_bound() {
        let mut draws = Draws::new("uniform");
        let mut seen = [0u32; 7];
        for _ in 0..70_000 {
            seen[draws.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (9_600..10_400).contains(&n)), "{seen:?}");
        assert_eq!((draws.below(0), draws.within(3, 3), draws.within(5, 2)), (0, 3, 5));
        assert!((0..200).all(|_| (-2..=2).contains(&draws.within(-2, 2))));
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..50).collect();
        Draws::new("order").shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
