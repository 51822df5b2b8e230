//! The rules of the house that no linter knows.
//!
//! A rule is a function from a part of the [`Tree`] to [`Finding`]s; an empty list means that the rule holds. The rules
//! about structure (which package may use which, where `unsafe` may stand) read their tables from ARCHITECTURE.md, so the
//! document and the check cannot drift apart. `tests/repository.rs` applies every rule to the repository; each rule's own
//! tests apply it to one good and one bad snippet.
//!
//! The crate has three small dependencies and none of ours: its tests start within seconds of a fresh clone.

mod finding;
mod manifest;
mod markdown;
pub mod rules;
mod rust_file;
mod tree;

pub use finding::Finding;
pub use manifest::{Lock, LockError, MetadataError, Package, packages};
pub use markdown::{Row, code_pieces, code_words, table_under};
pub use rust_file::{FnSize, RustFile};
pub use tree::{TextFile, Tree, TreeError};
