//! From data sets to what a step needs.

mod stream;

pub use stream::{BadExample, Examples, HeldOut, Stream};
