//! Everything that can be wrong with the numbers somebody hands to this crate.

use thiserror::Error;

/// Why a computation was refused. Each message names the value, what was found and what was expected.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum AlgoError {
    /// Two inputs that describe the same rows disagree about how many there are.
    #[error("{what}: found {found} values, expected {expected}: every input needs one value per row")]
    Length {
        /// Which input.
        what: &'static str,
        /// How many values it holds.
        found: usize,
        /// How many the other inputs hold.
        expected: usize,
    },
    /// A matrix has another shape than the mask it is used with.
    #[error("{what}: found shape {found:?}, expected {expected:?}: pad it to the mask's [rows, width]")]
    Shape {
        /// Which input.
        what: &'static str,
        /// Its rows and width.
        found: [usize; 2],
        /// The rows and width of the mask.
        expected: [usize; 2],
    },
    /// Rows of one matrix have different lengths.
    #[error("row {row}: found {found} columns, expected {expected} like row 0: pad the rows to one width")]
    Ragged {
        /// First row that differs.
        row: usize,
        /// Its length.
        found: usize,
        /// The length of row 0.
        expected: usize,
    },
    /// NaN, an infinity, or a number so large that sums of it would overflow.
    #[error(
        "{what}, row {row}: found {value}, expected a finite number of sane size: drop or repair it before this call"
    )]
    NotFinite {
        /// Which input.
        what: &'static str,
        /// Its row.
        row: usize,
        /// What was there.
        value: f64,
    },
    /// A hyper-parameter or input outside the range in which the formula makes sense.
    #[error("{what}: found {found}, expected {expected}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// Its value.
        found: f64,
        /// The range, in words.
        expected: &'static str,
    },
    /// Nothing to work on.
    #[error("{what}: found nothing, expected at least one")]
    Empty {
        /// Which input.
        what: &'static str,
    },
    /// Whitening needs a variance, and a variance needs two tokens.
    #[error("whitening: found {found} unmasked tokens in the batch, expected at least 2")]
    TooFewTokens {
        /// Tokens that the mask keeps.
        found: usize,
    },
    /// The method compares the members of a group, and this group has one member.
    #[error("{what}: group {group} has one row, expected at least two: sample more completions per prompt")]
    LonelyRow {
        /// Which method.
        what: &'static str,
        /// Which group, in order of first appearance.
        group: usize,
    },
    /// The device could not hand a tensor back to the host.
    #[error("{what}: could not be read from its device: {reason}")]
    DeviceRead {
        /// Which tensor.
        what: &'static str,
        /// The device's own words.
        reason: String,
    },
}

/// Refuses `found` values where `expected` are needed.
pub(crate) fn same_length(what: &'static str, found: usize, expected: usize) -> Result<(), AlgoError> {
    if found == expected { Ok(()) } else { Err(AlgoError::Length { what, found, expected }) }
}

/// Refuses a matrix of another shape.
pub(crate) fn same_shape(
    what: &'static str,
    found: [usize; 2],
    expected: [usize; 2],
) -> Result<(), AlgoError> {
    if found == expected { Ok(()) } else { Err(AlgoError::Shape { what, found, expected }) }
}

/// Refuses a tensor of another shape, and one without any element.
pub(crate) fn same_tensor_shape(
    what: &'static str,
    found: [usize; 2],
    expected: [usize; 2],
) -> Result<(), AlgoError> {
    same_shape(what, found, expected)?;
    if found.contains(&0) { Err(AlgoError::Empty { what }) } else { Ok(()) }
}

/// Refuses NaN and infinities, naming the row.
pub(crate) fn all_finite(what: &'static str, values: &[f64]) -> Result<(), AlgoError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(AlgoError::NotFinite { what, row, value: values[row] }),
        None => Ok(()),
    }
}

/// Refuses a number that fails `holds`, which `expected` says in words.
pub(crate) fn in_range(
    what: &'static str,
    found: f64,
    expected: &'static str,
    holds: impl Fn(f64) -> bool,
) -> Result<f64, AlgoError> {
    if holds(found) { Ok(found) } else { Err(AlgoError::OutOfRange { what, found, expected }) }
}
