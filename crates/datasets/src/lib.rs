//! Typed records from every published layout, shuffled and mixed; synthetic scenes.
//!
//! [`open`] recognises a file or folder and gives a [`Source`]: rows that can be read in any order, each a [`Record`].
//! Pictures stay where they are until [`ImageRef::open`] fetches them; a record's [`Visuals`] are the
//! [`PictureSource`](vlm_processor::PictureSource) that the processor reads from.

mod bad_rows;
mod container;
mod convert;
mod home;
mod inspect;
mod layout;
mod mix;
mod open;
mod permutation;
mod picture;
mod pixmo;
mod place;
mod raw_row;
mod recognise;
mod record;
mod row_error;
mod source;
mod source_error;
mod split;
mod stream;
pub mod synth;
pub mod toy;

pub use bad_rows::{BadRowPolicy, BadRows, OnBadRow, audit};
pub use convert::{Conversion, OutLayout, convert};
pub use inspect::{FieldReport, InspectOptions, Inspection, Spread, inspect};
pub use layout::{Format, Layout, UnknownLayout};
pub use mix::{Cursor, Ingredient, Mix, Pick, Shuffle};
pub use open::{OpenOptions, open};
pub use permutation::Permutation;
pub use picture::{ImageRef, PictureError};
pub use place::{Place, Position};
pub use record::{
    Choice, Extra, GroundTruth, Instruction, LatentPlan, MultipleChoice, PlanStep, Preference, Record,
    RlPrompt, Unfit, VideoLog, VideoRef, Visuals, Vqa,
};
pub use row_error::{RowError, RowProblem};
pub use source::{Description, Source, in_order};
pub use source_error::SourceError;
pub use split::{Holdout, TrainPart, ValidationPart, split};
pub use stream::Stream;
