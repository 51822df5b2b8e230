//! Figures of the steps since the last line of the log.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Means and counts by name. A figure nobody has added is absent, not zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    means: BTreeMap<String, (f64, f64)>,
    counts: BTreeMap<String, f64>,
}

impl Metrics {
    /// Adds a value to the mean of that name; a value that is no number is left out.
    pub fn mean(&mut self, name: &str, value: f64) {
        self.weighted(name, value, 1.0);
    }

    /// Adds a value that stands for `weight` of its kind.
    pub fn weighted(&mut self, name: &str, value: f64, weight: f64) {
        if value.is_finite() && weight > 0.0 {
            let (sum, total) = self.means.entry(name.to_owned()).or_default();
            *sum += value * weight;
            *total += weight;
        }
    }

    /// Adds to the count of that name.
    pub fn count(&mut self, name: &str, amount: f64) {
        *self.counts.entry(name.to_owned()).or_default() += amount;
    }

    /// Takes over what a step has measured.
    pub fn absorb(&mut self, other: Self) {
        for (name, (sum, weight)) in other.means {
            let (sums, weights) = self.means.entry(name).or_default();
            *sums += sum;
            *weights += weight;
        }
        for (name, amount) in other.counts {
            self.count(&name, amount);
        }
    }

    /// The mean or count of that name, if anything was added to it.
    pub fn get(&self, name: &str) -> Option<f64> {
        let mean = self.means.get(name).map(|(sum, weight)| sum / weight);
        mean.or_else(|| self.counts.get(name).copied())
    }

    /// Every figure, and a clean slate.
    pub fn drain(&mut self) -> BTreeMap<String, f64> {
        let Self { means, counts } = std::mem::take(self);
        let means = means.into_iter().map(|(name, (sum, weight))| (name, sum / weight));
        means.chain(counts).collect()
    }
}
