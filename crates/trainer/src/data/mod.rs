//! From data sets to what a step needs.

mod lenient;
mod order;
mod stream;

pub use lenient::{Lenient, PassedOver};
pub use order::{Mixture, Permutation, Shuffle};
pub use stream::{Examples, HeldOut, Order, Stream};
