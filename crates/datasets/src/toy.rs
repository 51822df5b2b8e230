//! Drawn geometry problems with one number as their answer: the built-in set of MAYE's first run and of its tests.
//!
//! Six [kinds](Kind) come in turn. A problem's numbers decide nothing but the problem: which of them a [split](Split) may
//! use is dealt beforehand, kind by kind, so that no two splits share a kind with its numbers, however many rows are drawn.
//! Row i follows from (settings, split, i) alone; drawing uses sums and products only, so it is the same everywhere.
//!
//! ```
//! use datasets::toy::{Split, Toy, ToySettings};
//! let toy = Toy::new(ToySettings::default())?;
//! let row = toy.row(Split::Train, 7);
//! assert_eq!(row, toy.row(Split::Train, 7));
//! assert_eq!(row.solution, format!("\\boxed{{{}}}", row.answer));
//! # Ok::<(), datasets::synth::SynthError>(())
//! ```

mod canvas;
mod drawing;
mod font;
mod kind;
mod numbers;
mod rows;

pub use kind::Kind;
pub use rows::{Drawn, Row, write};

use crate::synth::{Draws, SynthError};
use numbers::Numbers;

/// What is asked, and how much of it is said in words.
#[derive(Clone, Debug, PartialEq)]
pub struct ToySettings {
    /// Kinds of problems, which come in turn.
    pub kinds: Vec<Kind>,
    /// Shortest and longest side of a rectangle.
    pub sides: [u32; 2],
    /// Whether questions say the numbers of their pictures.
    pub numbers: Numerals,
    /// Whether solutions show their working.
    pub working: Working,
    /// What everything is drawn from.
    pub seed: u64,
}

/// Where the numbers of a problem stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numerals {
    /// In the picture alone.
    #[default]
    Drawn,
    /// In the question, too: a model that starts from nothing can learn from text what it cannot see.
    InText,
}

/// Whether a line of working comes before the box of a solution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Working {
    /// In no row.
    #[default]
    Hidden,
    /// In every row.
    Shown,
    /// In so many of a hundred rows: annotators differ.
    Percent(u32),
}

/// The parts of the set. No two of them share a kind with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Split {
    /// To learn from.
    Train,
    /// To choose by.
    Validation,
    /// To report.
    Test,
}

impl Split {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name in files and ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

impl Default for ToySettings {
    fn default() -> Self {
        Self {
            kinds: Kind::ALL.to_vec(),
            sides: [2, 12],
            numbers: Numerals::Drawn,
            working: Working::Hidden,
            seed: 0,
        }
    }
}

/// The set: rows on demand.
#[derive(Clone, Debug)]
pub struct Toy {
    settings: ToySettings,
    /// For each kind the numbers of each split.
    dealt: Vec<[Vec<Numbers>; 3]>,
}

impl Toy {
    /// Deals the numbers to the splits: four of six to the first, one of six to each of the others.
    pub fn new(settings: ToySettings) -> Result<Self, SynthError> {
        let setting = |key, found: String, expected| Err(SynthError::Setting { key, found, expected });
        let [shortest, longest] = settings.sides;
        if shortest == 0 || longest < shortest || longest > 99 {
            return setting("sides", format!("{shortest} to {longest}"), "a range within 1 to 99");
        }
        if settings.kinds.is_empty() {
            return setting("kinds", "an empty list".into(), "at least one kind");
        }
        if let Working::Percent(share @ 101..) = settings.working {
            return setting("cot", format!("{share} %"), "0 to 100 %");
        }
        let mut dealt = Vec::with_capacity(settings.kinds.len());
        for kind in &settings.kinds {
            let mut all = kind.numbers(settings.sides);
            if all.len() < 3 {
                return setting("sides", format!("{shortest} to {longest}"), "room for three splits");
            }
            Draws::new(&format!("{}|toy|{}", settings.seed, kind.name())).shuffle(&mut all);
            let part = ((all.len() + 3) / 6).max(1);
            let test = all.split_off(all.len() - part);
            let validation = all.split_off(all.len() - part);
            dealt.push([all, validation, test]);
        }
        Ok(Self { settings, dealt })
    }

    /// The settings.
    pub fn settings(&self) -> &ToySettings {
        &self.settings
    }

    /// Row `index` of a split.
    pub fn row(&self, split: Split, index: u64) -> Row {
        let (turn, kinds) = (index as usize, self.settings.kinds.len());
        let (kind, dealt) = (self.settings.kinds[turn % kinds], &self.dealt[turn % kinds][split as usize]);
        let numbers = dealt[turn / kinds % dealt.len()];
        let draws = Draws::new(&format!("{}|toy|{}|{index}", self.settings.seed, split.name()));
        Row::new(kind, numbers, split, index, &self.settings, draws)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn seen(toy: &Toy, split: Split, rows: u64) -> BTreeSet<(Kind, Vec<u32>)> {
        (0..rows).map(|index| toy.row(split, index)).map(|row| (row.kind, row.numbers)).collect()
    }

    #[test]
    fn splits_share_no_kind_with_its_numbers() {
        for seed in 0..3 {
            let toy = Toy::new(ToySettings { seed, ..ToySettings::default() }).unwrap();
            let parts = Split::ALL.map(|split| seen(&toy, split, 120));
            assert!(parts[0].is_disjoint(&parts[1]) && parts[0].is_disjoint(&parts[2]));
            assert!(parts[1].is_disjoint(&parts[2]) && parts.iter().all(|part| !part.is_empty()));
        }
    }

    #[test]
    fn kinds_have_equal_shares_and_answers_are_positive() {
        let toy = Toy::new(ToySettings::default()).unwrap();
        for kind in Kind::ALL {
            let rows = (0..96).map(|index| toy.row(Split::Train, index)).filter(|row| row.kind == kind);
            assert_eq!(rows.inspect(|row| assert!(row.answer > 0)).count(), 16, "{}", kind.name());
        }
    }

    #[test]
    fn working_is_shown_as_often_as_asked_and_numbers_are_said_when_asked() {
        let with =
            |working, numbers| Toy::new(ToySettings { working, numbers, ..ToySettings::default() }).unwrap();
        let shown = |toy: &Toy| {
            (0..300).filter(|i| !toy.row(Split::Train, *i).solution.starts_with("\\boxed")).count()
        };
        assert_eq!(shown(&with(Working::Shown, Numerals::Drawn)), 300);
        assert_eq!(shown(&with(Working::Hidden, Numerals::Drawn)), 0);
        assert!((60..120).contains(&shown(&with(Working::Percent(30), Numerals::Drawn))));
        let said = with(Working::Hidden, Numerals::InText);
        for row in (0..60).map(|index| said.row(Split::Test, index)) {
            assert!(row.numbers.iter().all(|n| row.question.contains(&n.to_string())), "{}", row.question);
        }
        let drawn = with(Working::Hidden, Numerals::Drawn);
        assert!((0..60).all(|i| !drawn.row(Split::Test, i).question.contains(|c: char| c.is_ascii_digit())));
    }

    #[test]
    fn settings_without_sense_are_refused_by_name() {
        let refused = |settings| Toy::new(settings).unwrap_err().to_string();
        let bare = ToySettings::default;
        assert!(refused(ToySettings { kinds: vec![], ..bare() }).contains("kinds"));
        assert!(refused(ToySettings { sides: [5, 4], ..bare() }).contains("5 to 4"));
        assert!(refused(ToySettings { sides: [3, 3], ..bare() }).contains("three splits"));
        assert!(refused(ToySettings { working: Working::Percent(101), ..bare() }).contains("101 %"));
    }
}
