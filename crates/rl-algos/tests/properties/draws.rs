//! A small generator of random numbers and awkward rewards.

/// SplitMix64.
pub struct Draws(pub u64);

impl Draws {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound as u64) as usize
    }

    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Rewards of one group in one of the shapes that have broken trainers: equal, binary, tiny, huge, mixed, missing.
    pub fn group(&mut self) -> Vec<Option<f64>> {
        let size = 1 + self.below(8);
        let shape = self.below(9);
        let level = self.between(-2.0, 2.0);
        (0..size)
            .map(|_| match shape {
                0 => Some(level),
                1 => Some(f64::from(level as f32) + [0.0, 6e-8, -6e-8][self.below(3)] * level.abs()),
                2 => Some(self.below(2) as f64),
                3 => Some(self.between(-1.0, 1.0) * 1e150),
                4 => Some(self.between(-1.0, 1.0) * f64::MIN_POSITIVE),
                5 => Some([1e150, -1e150, 0.0, 5e-324][self.below(4)]),
                6 => (self.below(3) > 0).then(|| self.between(-1.0, 1.0)),
                7 => None,
                _ => Some(self.between(-3.0, 3.0)),
            })
            .collect()
    }
}
