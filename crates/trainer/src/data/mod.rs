//! From data sets to what a step needs.

mod order;
mod stream;

pub use order::{Mixture, Permutation, Shuffle};
pub use stream::{Examples, HeldOut, Order, Stream};
