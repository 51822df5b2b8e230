//! Is a mathematical answer the right one?
//!
//! Replies are searched for an answer, the answer is normalised, parsed by a bounded parser and compared exactly where
//! that is possible. Nothing is ever evaluated as code. `docs/math-judge.md` lists where the verdict differs from
//! math-verify and why.

mod arith;
mod boxes;
mod complex;
pub(crate) mod cursor;
mod environment;
pub(crate) mod equal;
pub(crate) mod eval;
pub(crate) mod expr;
mod extract;
mod functions;
mod judge;
mod lexer;
pub(crate) mod limits;
mod matrix;
mod normal;
pub(crate) mod parser;
mod places;
mod plain;
pub(crate) mod ratio;
mod sets;
mod units;

pub use judge::{MathAccuracy, MathGold, math_equal};
