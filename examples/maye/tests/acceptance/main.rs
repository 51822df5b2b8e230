//! The numbers that a reader of the publication can check by hand.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are the helpers of tests")]

mod divergence;
mod judge;
mod learning;
mod loss;
mod pass_at_k;
mod reflection;
mod report;
mod returns;
mod rewards;
mod schedule;
mod truncation;
mod workplace;

/// Fails where numbers are further apart than rounding explains.
#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-5, "found {found}, expected {expected}");
}

/// The same of two rows of numbers.
#[track_caller]
fn all_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "found {found:?}, expected {expected:?}");
    for (found, expected) in found.iter().zip(expected) {
        near(*found, *expected);
    }
}
