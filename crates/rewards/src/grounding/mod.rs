//! Grounding.
/// x
#[derive(Clone, Debug, PartialEq)]
pub struct Located {}
