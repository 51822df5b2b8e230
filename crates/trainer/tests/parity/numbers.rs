//! Tensors by name, and how far two sets of them are apart.

use crate::recorded::folder;
use safetensors::SafeTensors;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Flattened tensors.
pub type Tensors = BTreeMap<String, Vec<f64>>;

/// Gradients as the files hold them: norms of all, numbers of some.
#[derive(Deserialize)]
pub struct Gradients {
    gradients: Option<String>,
    grad_norm: f64,
    norms: BTreeMap<String, f64>,
}

impl Gradients {
    /// Compares every tensor, by its numbers where they are recorded and by its norm where they are not.
    pub fn check(&self, what: &str, checkpoint: &str, ours: &Tensors, tolerance: f64) {
        assert!(ours.keys().eq(self.norms.keys()), "{what}: other tensors have gradients");
        let all = norm(ours.values().flatten().copied());
        assert_close(&format!("{what}: norm of all"), all, self.grad_norm, tolerance * self.grad_norm);
        for (name, expected) in &self.norms {
            let found = norm(ours[name].iter().copied());
            assert_close(&format!("{what}: norm of {name}"), found, *expected, tolerance * expected);
        }
        if let Some(file) = &self.gradients {
            assert_tensors(what, ours, &read(checkpoint, file), tolerance);
        }
    }
}

/// The tensors of a recorded file.
pub fn read(checkpoint: &str, file: &str) -> Tensors {
    parse(&std::fs::read(folder(checkpoint).join(file)).unwrap())
}

/// The tensors of a file in memory.
pub fn parse(bytes: &[u8]) -> Tensors {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let numbers = |bytes: &[u8]| {
        bytes.as_chunks::<4>().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
    };
    file.iter().map(|(name, view)| (name.to_owned(), numbers(view.data()))).collect()
}

/// ‖ours − theirs‖ ≤ tolerance·‖theirs‖ for every tensor.
pub fn assert_tensors(what: &str, ours: &Tensors, theirs: &Tensors, tolerance: f64) {
    assert!(ours.keys().eq(theirs.keys()), "{what}: other tensors");
    for (name, theirs) in theirs {
        let ours = &ours[name];
        assert_eq!(ours.len(), theirs.len(), "{what}: {name}");
        let off = norm(ours.iter().zip(theirs).map(|(a, b)| a - b)) / norm(theirs.iter().copied());
        assert!(off <= tolerance, "{what}: {name} is off by {off:.1e} of its norm");
    }
}

pub fn norm(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.map(|x| x * x).sum::<f64>().sqrt()
}

#[track_caller]
pub fn assert_close(what: &str, found: f64, expected: f64, tolerance: f64) {
    let off = (found - expected).abs();
    assert!(
        off <= tolerance,
        "{what}: found {found}, expected {expected}, off by {off:.1e} > {tolerance:.1e}"
    );
}

/// Rows of numbers, all within `tolerance`.
#[track_caller]
pub fn assert_rows(what: &str, found: &[Vec<f64>], expected: &[Vec<f64>], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: rows");
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len(), "{what}: length of row {row}");
        for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert_close(&format!("{what}: row {row}, place {place}"), *found, *expected, tolerance);
        }
    }
}
