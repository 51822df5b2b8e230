//! Synthetic scenes: shapes on a canvas, and questions whose answers follow exactly from the drawing.
//!
//! The questions come in four [styles](Style): free text with sentences and numbers as in SpatialVLM
//! (arXiv:2401.12168), captions that are true or false as in VSR (arXiv:2205.00363), lettered choices as in CV-Bench
//! (arXiv:2406.16860), and one-word answers. Every row carries its [`Scene`] and the [`Fact`] it asks about, so that
//! anyone can recompute the answer.
//!
//! Three promises, each with a test:
//!
//! - **The same everywhere.** A row is a function of the settings, the seed, the split's name and its index:
//!   [`Draws`] are counter-based, and drawing uses whole numbers only.
//! - **Chance is what it says.** Outcomes are dealt in rounds, so every answer comes equally often, and a scene is
//!   drawn to fit an outcome chosen beforehand, so no word of a question hints at its answer.
//! - **Held out means held out.** Which side an arrangement of objects is on follows from the arrangement
//!   itself (see [`Part`]): no picture that is trained on, nor its mirror image, can turn up in an evaluation.

mod compose;
mod draws;
mod error;
mod example;
mod fact;
mod lesson;
mod placing;
mod rows;
mod scene;
mod settings;
mod shape;
mod split;
mod wording;

pub use draws::Draws;
pub use error::SynthError;
pub use example::{Example, Form};
pub use fact::{Fact, Side, Wanted};
pub use lesson::CountingLesson;
pub use rows::{Written, encode_png, row_json, write};
pub use scene::{Frame, Light, Line, Scene};
pub use settings::{CAPTIONS, CHOICES, Distinct, Layout, SENTENCES, SceneSettings, Share, Style, Task};
pub use shape::{Colour, Object, Shape};
pub use split::{Generator, Part, RowKind, Split};
