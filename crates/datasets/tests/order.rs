//! Mixing, shuffling, splitting and resuming are functions of seed, epoch and position.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use datasets::{
    BadRowPolicy, Cursor, Holdout, Ingredient, Mix, OpenOptions, Pick, Record, Shuffle, Source, SourceError,
    Stream, open, split,
};
use proptest::prelude::*;

fn source(folder: &Path, name: &str, rows: u64) -> Arc<dyn Source> {
    let mut text = String::new();
    for row in 0..rows {
        writeln!(text, r#"{{"id": "{name}{row}", "problem": "{row}?", "answer": "{row}"}}"#).unwrap();
    }
    let path = folder.join(format!("{name}.jsonl"));
    std::fs::write(&path, text).unwrap();
    Arc::from(open(&path, &OpenOptions::default()).unwrap())
}

fn mix(sizes: &[(u64, Option<f64>)], shuffle: Shuffle) -> Mix {
    let folder = tempfile::tempdir().unwrap();
    let part = |(index, (rows, weight)): (usize, &(u64, Option<f64>))| {
        let source = source(folder.path(), &index.to_string(), *rows);
        // The length is asked for while the file is still there.
        source.len().unwrap();
        Ingredient { source, weight: *weight }
    };
    Mix::new(sizes.iter().enumerate().map(part).collect(), shuffle).unwrap()
}

fn epoch(mix: &Mix, epoch: u64) -> Vec<Pick> {
    (0..mix.epoch_len()).map(|position| mix.pick(Cursor { epoch, position })).collect()
}

#[test]
fn without_weights_every_row_comes_once_in_an_epoch() {
    for shuffle in [Shuffle::FileOrder, Shuffle::Seeded(3)] {
        let mix = mix(&[(7, None), (1, None), (20, None)], shuffle);
        for number in 0..4 {
            let picks: BTreeSet<(usize, u64)> =
                epoch(&mix, number).iter().map(|pick| (pick.source, pick.row)).collect();
            assert_eq!(picks.len(), 28, "epoch {number}");
        }
    }
}

#[test]
fn epochs_and_seeds_have_orders_of_their_own() {
    let picks = |seed, number| epoch(&mix(&[(50, None), (50, None)], Shuffle::Seeded(seed)), number);
    assert_eq!(picks(1, 0), picks(1, 0));
    assert_ne!(picks(1, 0), picks(1, 1));
    assert_ne!(picks(1, 0), picks(2, 0));
    let in_order = epoch(&mix(&[(3, None), (2, None)], Shuffle::FileOrder), 5);
    let flat: Vec<(usize, u64)> = in_order.iter().map(|pick| (pick.source, pick.row)).collect();
    assert_eq!(flat, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]);
}

#[test]
fn weights_share_the_epoch_out_exactly() {
    let mix = mix(&[(90, Some(1.0)), (10, Some(3.0))], Shuffle::Seeded(0));
    let of_second = epoch(&mix, 0).iter().filter(|pick| pick.source == 1).count();
    assert_eq!(of_second, 75);
}

#[test]
fn weights_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let build = |weights: [Option<f64>; 2]| {
        let parts = weights.map(|weight| Ingredient { source: source(folder.path(), "a", 3), weight });
        Mix::new(parts.into(), Shuffle::FileOrder).err().unwrap().to_string()
    };
    assert!(build([Some(1.0), None]).contains("1 weights for 2 sources"));
    assert!(build([Some(1.0), Some(-1.0)]).contains("found -1, expected a finite number"));
    assert!(build([Some(f64::NAN), Some(1.0)]).contains("NaN"));
    assert!(build([Some(0.0), Some(0.0)]).contains("weights that sum to 0"));
    assert!(Mix::new(Vec::new(), Shuffle::FileOrder).err().unwrap().to_string().contains("no source"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn rows_of_a_source_are_seen_equally_often_whatever_its_weight(
        sizes in prop::collection::vec((1_u64..30, 0.1_f64..5.0), 1..4),
        seed in any::<u64>(),
        epochs in 1_u64..6,
    ) {
        let sizes: Vec<(u64, Option<f64>)> = sizes.into_iter().map(|(rows, weight)| (rows, Some(weight))).collect();
        let mix = mix(&sizes, Shuffle::Seeded(seed));
        let mut seen: BTreeMap<(usize, u64), u64> = BTreeMap::new();
        for pick in (0..epochs).flat_map(|number| epoch(&mix, number)) {
            *seen.entry((pick.source, pick.row)).or_default() += 1;
        }
        for (source, (rows, _)) in sizes.iter().enumerate() {
            let counts: Vec<u64> = (0..*rows).map(|row| seen.get(&(source, row)).copied().unwrap_or(0)).collect();
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            prop_assert!(most - least <= 1, "source {source}: {counts:?}");
        }
    }

    #[test]
    fn a_stream_goes_on_where_another_stopped(seed in any::<u64>(), stop in 0_usize..60) {
        let folder = tempfile::tempdir().unwrap();
        let parts = ["a", "b"].map(|name| Ingredient { source: source(folder.path(), name, 12), weight: None });
        let mix = Mix::new(parts.into(), Shuffle::Seeded(seed)).unwrap();
        let ids = |stream: &mut Stream<'_>, count: usize| -> Vec<String> {
            (0..count).map(|_| stream.next_record().unwrap().1.id().to_owned()).collect()
        };
        let whole = ids(&mut Stream::new(&mix, BadRowPolicy::default(), Cursor::default()), 60);
        let mut first = Stream::new(&mix, BadRowPolicy::default(), Cursor::default());
        let mut parts = ids(&mut first, stop);
        let saved = serde_json::to_string(&first.cursor()).unwrap();
        let mut second = Stream::new(&mix, BadRowPolicy::default(), serde_json::from_str(&saved).unwrap());
        parts.extend(ids(&mut second, 60 - stop));
        prop_assert_eq!(parts, whole);
    }
}

#[test]
fn training_and_validation_rows_are_together_all_rows() {
    let folder = tempfile::tempdir().unwrap();
    let whole = source(folder.path(), "a", 101);
    let (train, validation) = split(Arc::clone(&whole), Holdout::Share(0.1), 9).unwrap();
    assert_eq!((train.len().unwrap(), validation.len().unwrap()), (91, 10));
    let ids = |part: &dyn Source| -> Vec<String> {
        datasets::in_order(part).map(|row| row.unwrap().id().to_owned()).collect()
    };
    let all: BTreeSet<String> = ids(&train).into_iter().chain(ids(&validation)).collect();
    assert_eq!(all.len(), 101);
    assert!(train.get(91).is_err_and(|error| error.is_past_end()));
    assert!(split(Arc::clone(&whole), Holdout::Rows(101), 9).is_err());
    assert!(split(Arc::clone(&whole), Holdout::Share(1.0), 9).is_err());
    let none = split(whole, Holdout::Share(0.001), 9).err().unwrap().to_string();
    assert!(none.contains("validation_split: found 0.001, which is none of the 101 rows"), "{none}");
}

#[test]
fn only_the_first_rows_are_read_when_so_asked() {
    let folder = tempfile::tempdir().unwrap();
    source(folder.path(), "a", 10);
    let options = OpenOptions { max_samples: Some(4), ..OpenOptions::default() };
    let few = open(&folder.path().join("a.jsonl"), &options).unwrap();
    assert_eq!(few.len().unwrap(), 4);
    assert!(few.get(4).is_err_and(|error| error.is_past_end()));
    assert!(matches!(few.get(3).unwrap(), Record::RlPrompt(prompt) if prompt.id == "a3"));
}

#[test]
fn broken_rows_are_skipped_once_and_never_more_than_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    let row = |index: u64| match index {
        17 | 80 => "{\"problem\": \"\", \"answer\": 1}\n".to_owned(),
        _ => format!("{{\"problem\": \"{index}?\", \"answer\": {index}}}\n"),
    };
    std::fs::write(&path, (0..200).map(row).collect::<String>()).unwrap();
    let mix = Mix::of(Arc::from(open(&path, &OpenOptions::default()).unwrap()), Shuffle::Seeded(1)).unwrap();

    let mut stream = Stream::new(&mix, BadRowPolicy::skip(), Cursor::default());
    let mut counts = [0_u64; 3];
    while let Ok((epoch @ 0..3, _)) = stream.next_record() {
        counts[epoch as usize] += 1;
    }
    assert_eq!(counts, [198; 3]);
    assert_eq!(stream.bad_rows().count(), 2);
    let lines: BTreeSet<String> = stream.bad_rows().places().iter().map(|p| p.position.to_string()).collect();
    assert_eq!(lines, BTreeSet::from(["line 18".to_owned(), "line 81".to_owned()]));

    let strict = BadRowPolicy { max_bad_share: 0.005, ..BadRowPolicy::skip() };
    let mut stream = Stream::new(&mix, strict, Cursor::default());
    let error = std::iter::from_fn(|| Some(stream.next_record())).find_map(Result::err).unwrap();
    assert!(matches!(error, SourceError::TooManyBad { bad: 2, seen: 200, allowed: 1, .. }), "{error}");
    let mut stream = Stream::new(&mix, BadRowPolicy::default(), Cursor::default());
    let error = std::iter::from_fn(|| Some(stream.next_record())).find_map(Result::err).unwrap();
    assert!(error.to_string().contains("field problem: found an empty text"), "{error}");
}
