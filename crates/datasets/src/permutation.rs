//! Shuffling without memory: a permutation as a function of its key and the position.

/// Rounds of the Feistel network; the mixing function is strong, so few are enough.
const ROUNDS: usize = 6;

/// A permutation of `0..len` that is computed, not stored.
///
/// A balanced Feistel network permutes the smallest 2²ᵏ that is at least `len`: with (L, R) the upper and lower k bits,
/// each round maps (L, R) to (R, L ⊕ f(R, keyᵢ)). Images outside `0..len` are mapped again until one falls inside
/// (cycle walking, Black and Rogaway 2002), which takes fewer than 4 steps on average. Every worker that knows the key
/// computes the same order.
///
/// ```
/// use datasets::Permutation;
///
/// let order = Permutation::new(5, &[42]);
/// let mut seen: Vec<u64> = (0..5).map(|position| order.at(position)).collect();
/// seen.sort();
/// assert_eq!(seen, [0, 1, 2, 3, 4]);
/// ```
#[derive(Clone, Debug)]
pub struct Permutation {
    len: u64,
    half: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The permutation of `0..len` that belongs to `key`, such as seed, epoch and source.
    pub fn new(len: u64, key: &[u64]) -> Self {
        let bits = 64 - len.saturating_sub(1).leading_zeros();
        let half = bits.div_ceil(2).max(1);
        let root = key.iter().fold(0x6a09_e667_f3bc_c909, |state, part| scramble(state ^ scramble(*part)));
        let keys = std::array::from_fn(|round| scramble(root ^ (round as u64 + 1).wrapping_mul(GOLDEN)));
        Self { len, half, keys }
    }

    /// How many values are permuted.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if there is nothing to permute.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value at `position`, which is taken modulo the length. 0 if there is none.
    pub fn at(&self, position: u64) -> u64 {
        if self.len < 2 {
            return 0;
        }
        let mut value = self.pass(position % self.len);
        while value >= self.len {
            value = self.pass(value);
        }
        value
    }

    fn pass(&self, value: u64) -> u64 {
        let mask = (1_u64 << self.half) - 1;
        let (mut left, mut right) = (value >> self.half, value & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (scramble(right ^ key) & mask));
        }
        (left << self.half) | right
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64: every bit of the result depends on every bit of `value`.
pub(crate) fn scramble(value: u64) -> u64 {
    let value = value.wrapping_add(GOLDEN);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_up_to_300_is_a_permutation() {
        for len in 0..300 {
            let order = Permutation::new(len, &[7, len]);
            let mut seen: Vec<u64> = (0..len).map(|position| order.at(position)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..len).collect::<Vec<_>>());
        }
    }

    #[test]
    fn huge_lengths_stay_inside() {
        for len in [1 << 32, (1 << 40) + 1, u64::MAX / 2, u64::MAX] {
            let order = Permutation::new(len, &[1]);
            for position in [0, 1, len / 3, len - 1] {
                assert!(order.at(position) < len);
            }
        }
    }

    #[test]
    fn every_part_of_the_key_matters_and_neighbours_scatter() {
        let order = |key: &[u64]| -> Vec<u64> {
            let order = Permutation::new(1000, key);
            (0..1000).map(|position| order.at(position)).collect()
        };
        let base = order(&[1, 2]);
        for key in [&[1, 3][..], &[2, 2], &[2, 1], &[1], &[1, 2, 0]] {
            let same = order(key).iter().zip(&base).filter(|(a, b)| a == b).count();
            assert!(same < 10, "{key:?}: {same} places agree");
        }
        let close = base.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 10).count();
        assert!(close < 50, "{close} neighbours stay close");
    }

    #[test]
    fn a_row_lands_everywhere_equally_often() {
        let mut counts = [0_u32; 16];
        for seed in 0..16_000 {
            counts[Permutation::new(16, &[seed]).at(3) as usize] += 1;
        }
        // χ² with 15 degrees of freedom stays below 37.7 with probability 0.999.
        let chi: f64 = counts.iter().map(|count| (f64::from(*count) - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi < 37.7, "{chi}");
    }
}
