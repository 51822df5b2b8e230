//! Random numbers that depend on what they are for, never on order, threads or batches.

/// An endless row of numbers with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stream(u64);

impl Stream {
    /// The stream of `name` in a run with this seed.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let start = mix(seed ^ 0x6c6f_7261);
        Self(name.bytes().fold(start, |state, byte| mix(state ^ u64::from(byte))))
    }

    /// The stream of one of many occasions.
    pub(crate) fn part(self, index: u64) -> Self {
        Self(mix(self.0 ^ mix(index)))
    }

    /// Number `index`, uniform in [0, 1).
    pub(crate) fn uniform(self, index: u64) -> f64 {
        let bits = mix(self.0.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// SplitMix64's finaliser (Steele, Lea and Flood 2014), a bijection that mixes every bit into every other.
fn mix(z: u64) -> u64 {
    let z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_uniform_and_streams_independent() {
        const N: u64 = 20_000;
        let (one, other) = (Stream::new(1, "layers.0.q_proj"), Stream::new(1, "layers.0.k_proj"));
        let mut bins = [0.0; 16];
        let mut product = 0.0;
        for i in 0..N {
            bins[(one.uniform(i) * 16.0) as usize] += 1.0;
            product += (one.uniform(i) - 0.5) * (other.uniform(i) - 0.5);
        }
        let expected = N as f64 / 16.0;
        let chi: f64 = bins.iter().map(|b| (b - expected).powi(2) / expected).sum();
        // 15 degrees of freedom: mean 15, standard deviation 5.5.
        assert!(chi < 40.0, "chi-square {chi}");
        assert!((12.0 * product / N as f64).abs() < 0.03);
        assert_ne!(Stream::new(2, "layers.0.q_proj"), one);
    }
}
