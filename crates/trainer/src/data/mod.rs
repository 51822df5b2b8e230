//! From data sets to what a step needs.

mod stream;
mod whole_batches;

pub use stream::{BadExample, Examples, HeldOut, Stream};
pub use whole_batches::WholeBatches;
