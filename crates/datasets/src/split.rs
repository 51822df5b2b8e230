//! Training and validation rows of one source.

use std::sync::Arc;

use crate::permutation::scramble;
use crate::place::Place;
use crate::record::Record;
use crate::row_error::{RowError, RowProblem};
use crate::source::{Description, Source};
use crate::source_error::SourceError;

/// How many rows are set aside for validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Holdout {
    /// This many.
    Rows(u64),
    /// This share of all rows, between 0 and 1, rounded to the nearest number.
    Share(f64),
}

/// The training rows and the validation rows of `source`, both in file order.
///
/// The source is cut into as many blocks of equal length as there are validation rows, and the seed chooses one row
/// of each. So validation rows come from everywhere in the file, the two parts share no row, and nothing is stored.
///
/// ```
/// use std::sync::Arc;
/// use datasets::{Holdout, OpenOptions, Source, open, split};
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("rows.jsonl");
/// std::fs::write(&file, "{\"problem\": \"1+1\", \"answer\": \"2\"}\n".repeat(10))?;
/// let source = Arc::from(open(&file, &OpenOptions::default())?);
///
/// let (train, validation) = split(source, Holdout::Share(0.2), 42)?;
/// assert_eq!((train.len()?, validation.len()?), (8, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn split(
    source: Arc<dyn Source>,
    holdout: Holdout,
    seed: u64,
) -> Result<(TrainPart, ValidationPart), SourceError> {
    let rows = source.len()?;
    let held = match holdout {
        Holdout::Rows(rows) => rows,
        Holdout::Share(share) if (0.0..1.0).contains(&share) => share_of(rows, share, source.describe())?,
        Holdout::Share(share) => {
            let expected = "a share of at least 0 and below 1";
            return Err(SourceError::Setting {
                setting: "validation_split",
                found: share.to_string(),
                expected,
            });
        }
    };
    if held >= rows.max(1) {
        return Err(SourceError::Setting {
            setting: "validation_split",
            found: format!("{held} of {rows} rows"),
            expected: "fewer rows than there are",
        });
    }
    let blocks = Blocks { rows, held, seed };
    Ok((TrainPart { source: Arc::clone(&source), blocks }, ValidationPart { source, blocks }))
}

/// A share of so many rows; one above 0 that comes to none is an error.
fn share_of(rows: u64, share: f64, source: &Description) -> Result<u64, SourceError> {
    let held = (share * rows as f64).round() as u64;
    if held == 0 && share > 0.0 && rows > 0 {
        return Err(SourceError::Setting {
            setting: "validation_split",
            found: format!("{share}, which is none of the {rows} rows of {}", source.origin),
            expected: "a share that keeps one row aside, or no validation_split",
        });
    }
    Ok(held)
}

/// The rows that are trained on.
#[derive(Clone)]
pub struct TrainPart {
    source: Arc<dyn Source>,
    blocks: Blocks,
}

/// The rows that are held out.
#[derive(Clone)]
pub struct ValidationPart {
    source: Arc<dyn Source>,
    blocks: Blocks,
}

#[derive(Clone, Copy)]
struct Blocks {
    rows: u64,
    held: u64,
    seed: u64,
}

impl Blocks {
    /// Where block `block` begins.
    fn start(self, block: u64) -> u64 {
        (u128::from(block) * u128::from(self.rows) / u128::from(self.held)) as u64
    }

    /// The row of a block that is held out.
    fn held_row(self, block: u64) -> u64 {
        let (start, end) = (self.start(block), self.start(block + 1));
        start + scramble(scramble(self.seed) ^ block) % (end - start)
    }

    /// Row `index` of those that are not held out.
    fn train_row(self, index: u64) -> u64 {
        if self.held == 0 {
            return index;
        }
        // The last block with at most `index` training rows before it.
        let (mut low, mut high) = (0, self.held);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.start(middle) - middle <= index { low = middle } else { high = middle }
        }
        let row = index + low;
        row + u64::from(row >= self.held_row(low))
    }
}

/// The error of an index that a part does not have: the source's own, with the part's numbers.
fn past_end(source: &dyn Source, index: u64, rows: u64) -> Result<Record, RowError> {
    source.get(u64::MAX).map_err(|mut error| {
        error.problem = RowProblem::PastEnd { index, rows };
        error
    })
}

impl Source for TrainPart {
    fn len(&self) -> Result<u64, SourceError> {
        Ok(self.blocks.rows - self.blocks.held)
    }

    fn get(&self, index: u64) -> Result<Record, RowError> {
        let rows = self.blocks.rows - self.blocks.held;
        if index >= rows {
            return past_end(&*self.source, index, rows);
        }
        self.source.get(self.blocks.train_row(index))
    }

    fn place(&self, index: u64) -> Option<Place> {
        self.source.place(self.blocks.train_row(index))
    }

    fn describe(&self) -> &Description {
        self.source.describe()
    }
}

impl Source for ValidationPart {
    fn len(&self) -> Result<u64, SourceError> {
        Ok(self.blocks.held)
    }

    fn get(&self, index: u64) -> Result<Record, RowError> {
        if index >= self.blocks.held {
            return past_end(&*self.source, index, self.blocks.held);
        }
        self.source.get(self.blocks.held_row(index))
    }

    fn place(&self, index: u64) -> Option<Place> {
        (index < self.blocks.held).then(|| self.blocks.held_row(index)).and_then(|row| self.source.place(row))
    }

    fn describe(&self) -> &Description {
        self.source.describe()
    }
}

#[cfg(test)]
mod tests {
    use super::Blocks;

    #[test]
    fn both_parts_together_are_all_rows_in_order() {
        for rows in 1..60 {
            for held in 0..rows {
                let blocks = Blocks { rows, held, seed: 3 };
                let train: Vec<u64> = (0..rows - held).map(|index| blocks.train_row(index)).collect();
                let validation: Vec<u64> = (0..held).map(|index| blocks.held_row(index)).collect();
                assert!(train.is_sorted() && validation.is_sorted());
                let mut all = [train, validation].concat();
                all.sort_unstable();
                assert_eq!(all, (0..rows).collect::<Vec<_>>(), "{rows} {held}");
            }
        }
    }

    #[test]
    fn the_seed_chooses() {
        let held = |seed| -> Vec<u64> {
            let blocks = Blocks { rows: 1000, held: 20, seed };
            (0..20).map(|block| blocks.held_row(block)).collect()
        };
        assert_eq!(held(1), held(1));
        assert_ne!(held(1), held(2));
    }
}
