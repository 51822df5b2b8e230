//! What is learnt from, and what is measured on.

use crate::dataset::DatasetSettings;
use crate::error::RecipeError;
use crate::section::{Reader, settings};
use crate::setting::{Count, Part, choices};

choices! {
    /// What happens at a row that cannot be used.
    pub enum OnBadRow {
        /// The run ends with the row's place and what is wrong with it.
        Stop = "stop",
        /// The row is left out, counted and listed; more than one in a hundred, rounded up, end the run all the same.
        Skip = "skip",
    }
}

settings! {
    /// Rows for training and for evaluation.
    pub struct DataSettings {
        /// Rows to learn from.
        key datasets: Vec<DatasetSettings>;
        /// Rows to measure on.
        key eval_dataset: Option<Vec<DatasetSettings>> = |_| None;
        /// Share of `datasets` that is kept aside to measure on.
        key validation_split: Option<Part> = |_| None;
        /// What happens at a row that cannot be used.
        key on_bad_row: OnBadRow = |_| OnBadRow::Stop;
        /// Draws rows in an order made from `seed`, a new one every epoch. TRL: false for `sft`, whose sampler shuffles later.
        key shuffle_dataset: bool = |_| true;
        /// Text that is put behind the last user turn of every row, such as the request for a boxed answer.
        key prompt_suffix: Option<String> = |_| None;
        /// Images are enlarged to at least so many pixels; without it the model folder's number.
        key min_pixels: Option<Count> = |_| None;
        /// Images are reduced to at most so many pixels; without it the model folder's number.
        key max_pixels: Option<Count> = |_| None;
    }
}

impl DataSettings {
    /// Whether there are rows to measure on.
    pub fn has_evaluation(&self) -> bool {
        self.eval_dataset.is_some() || self.validation_split.is_some()
    }

    pub(crate) fn check(&self, reader: &Reader<'_>) -> Result<(), RecipeError> {
        if self.eval_dataset.is_some() && self.validation_split.is_some() {
            let fix = "remove `validation_split` or `eval_dataset`";
            return Err(reader.conflict("validation_split", "one source of evaluation rows", fix));
        }
        match (self.min_pixels, self.max_pixels) {
            (Some(min), Some(max)) if min > max => Err(reader.conflict(
                "min_pixels",
                format!("at most `max_pixels`, which is {}", max.get()),
                "lower `min_pixels` or raise `max_pixels`",
            )),
            _ => Ok(()),
        }
    }
}
