//! Lists whose items have weights under a second key.

use crate::error::RecipeError;
use crate::section::{Entries, Key, Reader};
use crate::setting::Setting;

/// An item and how much it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighted<T> {
    /// The item.
    pub item: T,
    /// Its weight.
    pub weight: f64,
}

/// The two keys of a weighted list.
pub(super) struct WeightedKeys {
    pub(super) items: &'static str,
    pub(super) weights: &'static str,
}

impl WeightedKeys {
    /// Describes both keys; without a default the items must be given.
    pub(super) fn keys<T: Setting>(&self, keys: &mut Vec<Key>, doc: &str, default: Option<Vec<T>>) {
        keys.push(Key::new(self.items, &[doc], default));
        let doc = format!("Weights of `{}`, one each; null is 1 for all.", self.items);
        keys.push(Key::new(self.weights, &[&doc], Some(None::<Vec<f64>>)));
    }

    /// Reads both and checks that there are as many of one as of the other.
    pub(super) fn read<T: Setting>(
        &self,
        reader: &Reader<'_>,
        default: Option<Vec<T>>,
    ) -> Result<Vec<Weighted<T>>, RecipeError> {
        let items = match (reader.get(self.items)?, default) {
            (Some(items), _) | (None, Some(items)) => items,
            (None, None) => reader.require(self.items)?,
        };
        let weights = reader.get::<Option<Vec<f64>>>(self.weights)?.flatten();
        let weights = weights.unwrap_or_else(|| vec![1.0; items.len()]);
        if weights.len() != items.len() {
            return Err(reader.conflict(
                self.weights,
                format!("{} weights, one for each of `{}`", items.len(), self.items),
                format!("give `{}` as many numbers, or remove it", self.weights),
            ));
        }
        if weights.iter().all(|weight| *weight == 0.0) {
            let fix = format!("give at least one of `{}` another weight", self.items);
            return Err(reader.conflict(self.weights, "a weight other than 0", fix));
        }
        Ok(items.into_iter().zip(weights).map(|(item, weight)| Weighted { item, weight }).collect())
    }

    /// Writes both.
    pub(super) fn write<T: Setting + Clone>(&self, list: &[Weighted<T>], out: &mut Entries) {
        let items: Vec<T> = list.iter().map(|weighted| weighted.item.clone()).collect();
        let weights: Vec<f64> = list.iter().map(|weighted| weighted.weight).collect();
        out.push((self.items, items.write()));
        out.push((self.weights, weights.write()));
    }
}
