//! Counter-based random numbers.

/// Odd constant of Weyl's sequence: 2⁶⁴ divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Random numbers that depend on (seed, stream, counter) and on nothing else, so a resampling gives the same bits on
/// every machine and in any order: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014) applied to each part in turn.
///
/// ```
/// use eval::stats::Draws;
/// let draws = Draws::new(7);
/// assert_eq!(draws.index(3, 5, 100), draws.index(3, 5, 100));
/// assert!(draws.index(3, 5, 100) < 100);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    seed: u64,
}

impl Draws {
    /// The draws of one seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed: mixed(seed.wrapping_add(GOLDEN)) }
    }

    /// 64 uniform bits.
    pub const fn bits(self, stream: u64, counter: u64) -> u64 {
        let stream = mixed(self.seed ^ stream.wrapping_mul(GOLDEN).wrapping_add(GOLDEN));
        mixed(stream.wrapping_add(counter.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// An index below `below`; 0 when `below` is 0. The high half of a 128-bit product: its bias is below `below`/2⁶⁴.
    pub const fn index(self, stream: u64, counter: u64, below: usize) -> usize {
        ((self.bits(stream, counter) as u128 * below as u128) >> 64) as usize
    }
}

const fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_uniform_and_streams_differ() {
        let draws = Draws::new(1);
        let mut counts = [0usize; 10];
        for stream in 0..100 {
            for counter in 0..1000 {
                counts[draws.index(stream, counter, 10)] += 1;
            }
        }
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 400), "{counts:?}");
        assert_ne!(draws.bits(0, 1), draws.bits(1, 0));
        assert_ne!(draws.bits(0, 0), Draws::new(2).bits(0, 0));
    }
}
