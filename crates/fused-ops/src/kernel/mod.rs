//! Arithmetic on plain `f32` slices: nothing in here knows about tensors.

pub(crate) mod codes;
pub(crate) mod matrix;
pub(crate) mod pairs;
pub(crate) mod shared;
pub(crate) mod simd;
pub(crate) mod skinny;
pub(crate) mod threads;
pub(crate) mod tiles;
pub(crate) mod vector;
