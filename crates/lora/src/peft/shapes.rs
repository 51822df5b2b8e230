//! Shapes of tensors in adapter files.

use super::names::Role;
use crate::Linear;

/// The shape that files give a tensor of a map: a convolution's A has the convolution's kernel, its B one place.
pub(super) fn stored(role: Role, linear: &Linear, rank: usize) -> Vec<usize> {
    let [outputs, inputs] = linear.shape();
    let kernel = linear.kernel();
    let inner = if kernel.is_empty() { vec![inputs] } else { kernel.to_vec() };
    let ones = vec![1; kernel.len().saturating_sub(1)];
    match role {
        Role::A => [vec![rank], inner].concat(),
        Role::B => [vec![outputs, rank], ones].concat(),
        Role::Magnitude if !kernel.is_empty() => [vec![1, outputs], ones].concat(),
        Role::Weight => [vec![outputs], inner].concat(),
        Role::Magnitude | Role::Bias => vec![outputs],
    }
}
