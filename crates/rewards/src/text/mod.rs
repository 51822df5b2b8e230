//! Finding things in a completion: tags, boxes, numbers, words.

pub(crate) mod boxed;
pub(crate) mod number;
pub(crate) mod scan;
pub(crate) mod tags;

pub use boxed::{last_boxed, strip_box};
pub use number::{first_count, first_decimal};
pub use tags::{first_block, last_block};
