//! The order of examples as a pure function of seed, epoch and position: nothing is stored, any position can be reached.

/// A permutation of 0..n that belongs to a key: a Feistel network over the smallest even number of bits that holds n,
/// walked until it falls below n (Black and Rogaway, 2002).
///
/// ```
/// use trainer::data::Permutation;
/// let order = Permutation::new(5, [7, 0]);
/// let mut all: Vec<u64> = (0..5).map(|i| order.at(i)).collect();
/// all.sort_unstable();
/// assert_eq!(all, [0, 1, 2, 3, 4]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permutation {
    n: u64,
    half_bits: u32,
    key: u64,
}

impl Permutation {
    /// The permutation of 0..n with this key.
    pub fn new(n: u64, key: [u64; 2]) -> Self {
        let bits = 64 - n.saturating_sub(1).leading_zeros();
        let key = mix(key[0] ^ mix(key[1].wrapping_add(0x9e37_79b9_7f4a_7c15)));
        Self { n, half_bits: bits.div_ceil(2).max(1), key }
    }

    /// Where `index` goes.
    ///
    /// # Panics
    /// When `index` is not below n.
    pub fn at(&self, index: u64) -> u64 {
        assert!(index < self.n, "index {index} of a permutation of {}", self.n);
        let mut place = self.rounds(index);
        while place >= self.n {
            place = self.rounds(place);
        }
        place
    }

    fn rounds(&self, value: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for round in 0..4 {
            let f = mix(self.key ^ (right << 8) ^ round) & mask;
            (left, right) = (right, left ^ f);
        }
        (left << self.half_bits) | right
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Several collections drawn from with weights: an epoch holds ⌊wₖ·nₖ⌋ (at least one) members of the k-th, shuffled.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    parts: Vec<Part>,
    total: u64,
    seed: u64,
    shuffle: Shuffle,
}

/// Whether an epoch has an order of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shuffle {
    /// A new order every epoch.
    #[default]
    EveryEpoch,
    /// The order of the files.
    Never,
}

#[derive(Clone, Debug, PartialEq)]
struct Part {
    rows: u64,
    taken: u64,
    /// Index of the part's first member among all members.
    first: u64,
    /// Position of the part's first place in an unshuffled epoch.
    start: u64,
}

impl Mixture {
    /// Collections by size and weight.
    pub fn new(sizes_and_weights: &[(u64, f64)], seed: u64, shuffle: Shuffle) -> Self {
        let (mut first, mut start) = (0, 0);
        let mut parts = Vec::new();
        for (rows, weight) in sizes_and_weights.iter().filter(|(rows, _)| *rows > 0) {
            let taken = ((*rows as f64 * weight) as u64).max(1);
            parts.push(Part { rows: *rows, taken, first, start });
            first += rows;
            start += taken;
        }
        Self { parts, total: start, seed, shuffle }
    }

    /// Members of an epoch.
    pub fn epoch_len(&self) -> u64 {
        self.total
    }

    /// The member at a position of the endless sequence, counted over all collections.
    ///
    /// # Panics
    /// When there is no member at all.
    pub fn at(&self, position: u64) -> u64 {
        let (epoch, place) = (position / self.total, position % self.total);
        let place = match self.shuffle {
            Shuffle::Never => place,
            Shuffle::EveryEpoch => Permutation::new(self.total, [self.seed, epoch]).at(place),
        };
        let index = self.parts.partition_point(|part| part.start <= place) - 1;
        let part = &self.parts[index];
        // Which members a part gives that is not taken whole differs from epoch to epoch.
        let turn = epoch * part.taken + (place - part.start);
        let (pass, within) = (turn / part.rows, turn % part.rows);
        let member = match self.shuffle {
            Shuffle::Never => within,
            Shuffle::EveryEpoch => {
                Permutation::new(part.rows, [self.seed ^ mix(index as u64 + 1), pass]).at(within)
            }
        };
        part.first + member
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_size_is_permuted_whole_and_keys_differ() {
        for n in 1..130 {
            let order = Permutation::new(n, [3, n]);
            let all: BTreeSet<u64> = (0..n).map(|i| order.at(i)).collect();
            assert_eq!(all.len() as u64, n);
            assert!(all.last() < Some(&n));
        }
        let order = |seed| (0..50).map(|i| Permutation::new(50, [seed, 0]).at(i)).collect::<Vec<_>>();
        assert_ne!(order(1), order(2));
    }

    #[test]
    fn an_epoch_takes_each_part_by_its_weight_and_in_time_all_of_it() {
        let mixture = Mixture::new(&[(10, 1.0), (8, 0.5), (3, 2.0)], 5, Shuffle::EveryEpoch);
        assert_eq!(mixture.epoch_len(), 10 + 4 + 6);
        let epoch = |e: u64| (0..20).map(|i| mixture.at(e * 20 + i)).collect::<Vec<_>>();
        let of =
            |epoch: &[u64], range: std::ops::Range<u64>| epoch.iter().filter(|m| range.contains(m)).count();
        let (one, two) = (epoch(0), epoch(1));
        for epoch in [&one, &two] {
            assert_eq!([of(epoch, 0..10), of(epoch, 10..18), of(epoch, 18..21)], [10, 4, 6]);
        }
        let halves: BTreeSet<u64> =
            one.iter().chain(&two).copied().filter(|m| (10..18).contains(m)).collect();
        assert_eq!(halves.len(), 8, "two half epochs see everything once");
        assert_ne!(one, two);
    }

    #[test]
    fn without_shuffling_the_order_is_that_of_the_files() {
        let mixture = Mixture::new(&[(2, 1.0), (0, 1.0), (3, 1.0)], 5, Shuffle::Never);
        assert_eq!((0..7).map(|i| mixture.at(i)).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 0, 1]);
    }
}
