//! How whole numbers are spread, without keeping them.

use std::fmt;

/// Buckets of a [`Spread`]: eight to every power of two.
const BUCKETS: usize = 8 * 64;

/// Number, smallest, largest and mean of whole numbers; quantiles to within 7 %. Its size does not grow.
#[derive(Clone, Debug)]
pub struct Spread {
    count: u64,
    sum: u128,
    smallest: u64,
    largest: u64,
    buckets: Vec<u64>,
}

impl Default for Spread {
    fn default() -> Self {
        Self { count: 0, sum: 0, smallest: u64::MAX, largest: 0, buckets: vec![0; BUCKETS] }
    }
}

impl Spread {
    /// Takes one more number into account.
    pub fn add(&mut self, value: u64) {
        self.count += 1;
        self.sum += u128::from(value);
        self.smallest = self.smallest.min(value);
        self.largest = self.largest.max(value);
        self.buckets[bucket(value)] += 1;
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The smallest, if there was any.
    pub fn smallest(&self) -> Option<u64> {
        (self.count > 0).then_some(self.smallest)
    }

    /// The largest, if there was any.
    pub fn largest(&self) -> Option<u64> {
        (self.count > 0).then_some(self.largest)
    }

    /// Their mean, if there was any.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// A number that about the share `q` of all does not exceed.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let rank = (q.clamp(0.0, 1.0) * self.count.checked_sub(1)? as f64).round() as u64;
        let mut below = 0;
        let found = self.buckets.iter().position(|count| {
            below += count;
            below > rank
        });
        found.map(|bucket| middle(bucket).clamp(self.smallest, self.largest))
    }
}

/// Small numbers have a bucket each; of larger ones the top four bits choose it.
fn bucket(value: u64) -> usize {
    if value < 16 {
        return value as usize;
    }
    let exponent = 63 - value.leading_zeros();
    let top = (value >> (exponent - 3)) & 7;
    (8 * (exponent as usize - 2) + top as usize).min(BUCKETS - 1)
}

/// The middle of a bucket.
fn middle(bucket: usize) -> u64 {
    if bucket < 16 {
        return bucket as u64;
    }
    let (exponent, top) = (bucket / 8 + 2, (bucket % 8) as u64);
    let step = 1_u64 << (exponent - 3);
    (8 + top) * step + step / 2
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = (self.smallest(), self.quantile(0.5), self.quantile(0.99), self.largest(), self.mean());
        let (Some(smallest), Some(median), Some(high), Some(largest), Some(mean)) = numbers else {
            return f.write_str("none");
        };
        write!(f, "{smallest} to {largest}, mean {mean:.1}, median about {median}, 99 % below about {high}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_close() {
        let mut spread = Spread::default();
        assert_eq!((spread.quantile(0.5), spread.to_string()), (None, "none".to_owned()));
        for value in 0..=10_000 {
            spread.add(value);
        }
        for (q, exact) in
            [(0.0, 0.0), (0.001, 10.0), (0.1, 1000.0), (0.5, 5000.0), (0.99, 9900.0), (1.0, 10_000.0)]
        {
            let found = spread.quantile(q).unwrap() as f64;
            assert!((found - exact).abs() <= 0.07 * exact + 1.0, "{q}: {found}");
        }
        assert_eq!(spread.mean(), Some(5000.0));
    }

    #[test]
    fn every_number_lies_in_the_bucket_of_its_size() {
        for shift in 0..64 {
            for value in [1_u64 << shift, (1_u64 << shift) + (1_u64 << shift) / 3] {
                let middle = middle(bucket(value)) as f64;
                assert!((middle - value as f64).abs() <= 0.07 * value as f64, "{value}: {middle}");
            }
        }
    }
}
