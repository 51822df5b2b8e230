//! Rows that are longer than the limit.

use crate::setting::choices;

choices! {
    /// What happens to a row that is longer than `max_length`. TRL cuts rows anywhere.
    pub enum Overlong {
        /// It is a bad row.
        Refuse = "refuse",
        /// Its last answer is cut at its end; a row whose prompt alone is too long is a bad row.
        Cut = "cut",
    }
}
