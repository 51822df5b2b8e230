//! Boxes and points: reading them, comparing them, pairing them off.

mod accuracy;
mod boxes;
mod hungarian;
mod located;

pub use accuracy::{GroundingAccuracy, GroundingFormat, grounding_score, pair_score};
pub use boxes::{Box2d, Point2d, iou};
pub use hungarian::assign;
pub use located::{Located, parse_objects};
