//! Records of a mix one after the other, broken rows dealt with, from any position on.

use std::collections::HashSet;

use crate::bad_rows::{BadRowPolicy, BadRows};
use crate::mix::{Cursor, Mix, Pick};
use crate::record::Record;
use crate::source_error::SourceError;

/// An endless walk through a [`Mix`], epoch after epoch.
///
/// What comes depends on the mix and on the cursor only, so a stream that starts at [`Stream::cursor`] of another goes
/// on exactly where that one was.
pub struct Stream<'a> {
    mix: &'a Mix,
    policy: BadRowPolicy,
    cursor: Cursor,
    bad: BadRows,
    seen_bad: HashSet<Pick>,
}

impl<'a> Stream<'a> {
    /// A walk that begins at `cursor`.
    pub fn new(mix: &'a Mix, policy: BadRowPolicy, cursor: Cursor) -> Self {
        Self { mix, policy, cursor, bad: BadRows::default(), seen_bad: HashSet::new() }
    }

    /// The position after the last record that was given out.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The broken rows that were passed over, each counted once however many epochs meet it.
    pub fn bad_rows(&self) -> &BadRows {
        &self.bad
    }

    /// The next record, and the epoch it belongs to. An error ends the run: the policy allows no more broken rows.
    pub fn next_record(&mut self) -> Result<(u64, Record), SourceError> {
        loop {
            let at = self.cursor;
            self.cursor = self.mix.next(at);
            match self.mix.get(at) {
                Ok(record) => return Ok((at.epoch, record)),
                Err(error) => {
                    if self.seen_bad.insert(self.mix.pick(at)) {
                        self.bad.add(error, &self.policy, self.mix.epoch_len())?;
                    }
                    if self.seen_bad.len() as u64 >= self.mix.epoch_len() {
                        return Err(SourceError::Setting {
                            setting: "datasets",
                            found: "nothing but broken rows".to_owned(),
                            expected: "at least one that can be read",
                        });
                    }
                }
            }
        }
    }
}
