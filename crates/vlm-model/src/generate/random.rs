//! Counter-based randomness: a draw depends on what it is for, never on when or where it is made.

/// Names one draw. Two draws with the same key are the same number, whatever the batch, thread or machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawKey {
    /// The run's seed.
    pub seed: u64,
    /// The training step, 0 outside training.
    pub step: u64,
    /// Which prompt.
    pub prompt: u64,
    /// Which of the prompt's completions.
    pub sample: u64,
    /// Which token of the completion.
    pub token: u64,
}

impl DrawKey {
    /// The number of a prompt that has a name: FNV-1a (Fowler, Noll and Vo), 64 bits.
    pub fn prompt_of(name: &str) -> u64 {
        name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    /// A uniform number in [0, 1) with 53 random bits.
    pub fn uniform(&self) -> f64 {
        let parts = [self.seed, self.step, self.prompt, self.sample, self.token];
        let mixed = parts.iter().enumerate().fold(0, |state, (place, part)| {
            mix(state ^ part.wrapping_add((place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        });
        (mixed >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection in which every input bit changes
/// every output bit with probability near one half.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u64, prompt: u64, sample: u64, token: u64) -> DrawKey {
        DrawKey { seed, step: 0, prompt, sample, token }
    }

    #[test]
    fn draws_of_neighbouring_keys_are_uniform_and_uncorrelated() {
        let mut bins = [0u32; 64];
        let (mut n, mut product) = (0.0, 0.0);
        for prompt in 0..40 {
            for sample in 0..8 {
                let draws: Vec<f64> = (0..200).map(|token| key(1, prompt, sample, token).uniform()).collect();
                for pair in draws.windows(2) {
                    product += (pair[0] - 0.5) * (pair[1] - 0.5);
                }
                for draw in draws {
                    bins[(draw * 64.0) as usize] += 1;
                    n += 1.0;
                }
            }
        }
        let expected = n / 64.0;
        let chi: f64 = bins.iter().map(|b| (f64::from(*b) - expected).powi(2) / expected).sum();
        // 63 degrees of freedom: mean 63, standard deviation 11.2.
        assert!((20.0..120.0).contains(&chi), "chi-square {chi}");
        assert!((product / n * 12.0).abs() < 0.02, "correlation {}", product / n * 12.0);
    }

    #[test]
    fn names_hash_to_the_published_values() {
        assert_eq!(DrawKey::prompt_of(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(DrawKey::prompt_of("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let base = key(7, 1, 2, 3);
        let others = [
            DrawKey { seed: 8, ..base },
            DrawKey { step: 1, ..base },
            DrawKey { prompt: 2, ..base },
            DrawKey { sample: 1, ..base },
            DrawKey { token: 2, ..base },
            key(7, 2, 1, 3),
        ];
        assert!(others.iter().all(|other| other.uniform() != base.uniform()));
        assert_eq!(base.uniform(), key(7, 1, 2, 3).uniform());
    }
}
