//! Image features that are computed once while the vision tower does not change.

use crate::{PromptError, VlModel};
use burn::tensor::Tensor;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
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
    /// Two hashes with different beginnings: 128 bits, so that two pictures do not meet by accident.
    fn of(patches: &Patches) -> Self {
        let pixels = [0_u8, 1].map(|salt| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            patches.values.iter().for_each(|value| hasher.write_u32(value.to_bits()));
            hasher.finish()
        });
        Self { grid: patches.grid, pixels }
    }
}
