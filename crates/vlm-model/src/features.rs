//! Image features that are computed once while the vision tower does not change.

use crate::{PromptError, VlModel};
use burn::tensor::Tensor;
use std::collections::{HashMap, VecDeque};
use vlm_processor::{Grid, Patches, Prompt};

/// Features of visuals by the content of their pixels, the oldest forgotten first.
///
/// Valid as long as the tower's weights are: one cache belongs to one frozen tower.
#[derive(Debug)]
pub struct FeatureCache {
    features: HashMap<Key, Tensor<2>>,
    order: VecDeque<Key>,
    rows: usize,
    capacity: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    grid: Grid,
    pixels: [u64; 2],
}

impl FeatureCache {
    /// A cache of at most `capacity` feature rows, one per placeholder.
    pub fn new(capacity: usize) -> Self {
        Self { features: HashMap::new(), order: VecDeque::new(), rows: 0, capacity }
    }

    /// Features of every visual of a prompt; `model` computes those that are not here yet.
    pub fn of(&mut self, model: &VlModel, prompt: &Prompt) -> Result<Vec<Tensor<2>>, PromptError> {
        let keys: Vec<Key> = prompt.visuals.iter().map(|visual| Key::of(&visual.patches)).collect();
        let known: Option<Vec<Tensor<2>>> = keys.iter().map(|key| self.features.get(key).cloned()).collect();
        if let Some(known) = known {
            return Ok(known);
        }
        let features = model.encode(prompt)?;
        for (key, features) in keys.into_iter().zip(&features) {
            self.insert(key, features.clone());
        }
        Ok(features)
    }

    /// Feature rows that are held.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn insert(&mut self, key: Key, features: Tensor<2>) {
        let rows = features.dims()[0];
        if rows > self.capacity || self.features.contains_key(&key) {
            return;
        }
        while self.rows + rows > self.capacity {
            let Some(oldest) = self.order.pop_front() else { break };
            self.rows -= self.features.remove(&oldest).map_or(0, |features| features.dims()[0]);
        }
        self.rows += rows;
        self.order.push_back(key);
        self.features.insert(key, features);
    }
}

impl Key {
    /// 128 bits, so that two pictures do not meet by accident; nobody gains by making them meet on purpose.
    fn of(patches: &Patches) -> Self {
        let mut lanes: [u64; 4] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, !0];
        let (blocks, rest) = patches.values.as_chunks::<8>();
        let mut last = [0.0; 8];
        last[..rest.len()].copy_from_slice(rest);
        for block in blocks.iter().chain([&last]) {
            for (lane, pair) in lanes.iter_mut().zip(block.as_chunks::<2>().0) {
                let [low, high] = pair.map(|value| u64::from(value.to_bits()));
                *lane = fold(*lane ^ (high << 32 | low));
            }
        }
        let [a, b, c, d] = lanes;
        Self { grid: patches.grid, pixels: [fold(fold(a) ^ b) ^ c, fold(fold(c) ^ d) ^ a] }
    }
}

/// The two halves of a product laid over each other: every bit depends on every other.
fn fold(word: u64) -> u64 {
    let product = u128::from(word) * 0x9e37_79b9_7f4a_7c15;
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(values: Vec<f32>) -> Key {
        Key::of(&Patches { grid: Grid { t: 1, h: 2, w: 2 }, values })
    }

    #[test]
    fn pictures_that_differ_in_one_value_or_its_place_have_other_keys() {
        let values: Vec<f32> = (0..4711).map(|i| (i as f32).sin()).collect();
        let mut keys = vec![key(values.clone())];
        for at in (0..values.len()).step_by(7).chain([values.len() - 1]) {
            let mut other = values.clone();
            other[at] += 1e-3;
            keys.push(key(other.clone()));
            other[at] = values[at];
            other.swap(at, (at + 8) % values.len());
            keys.push(key(other));
        }
        let all = keys.len();
        let different: std::collections::HashSet<[u64; 2]> = keys.iter().map(|key| key.pixels).collect();
        assert_eq!(different.len(), all);
        assert_eq!(key(values.clone()), key(values));
    }
}
