//! Numbers to begin with, and how far others are from what they should be.

use burn::tensor::Tensor;

/// Reproducible values in `-1.5..1.5`.
pub fn values(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Rounded to f32, so that both precisions start from the same numbers.
        f64::from(((state >> 40) as f32 / (1_u32 << 24) as f32 - 0.5) * 3.0)
    };
    (0..count).map(|_| next()).collect()
}

/// The elements of a tensor in double precision.
pub fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().convert::<f64>().try_to_vec().expect("converted to f64")
}

#[track_caller]
pub fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: length");
    let largest = expected.iter().fold(1e-30_f64, |m, v| m.max(v.abs()));
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        let same = f == e || (f - e).abs() <= tolerance * largest;
        assert!(same, "{what}[{i}]: found {f}, expected {e} (largest {largest})");
    }
}
