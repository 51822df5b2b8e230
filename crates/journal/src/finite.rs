//! Maps of numbers, written without those that are none.

use std::collections::BTreeMap;

use serde::Serializer;

/// Writes the finite numbers of a map. JSON has no others, and `null` would not be read back as a number.
pub(crate) fn serialize<S: Serializer>(
    values: &BTreeMap<String, f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(values.iter().filter(|(_, value)| value.is_finite()))
}
