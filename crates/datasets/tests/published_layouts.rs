//! Files of every layout, written by other people's libraries, mean what the script that wrote them says.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

mod meaning;

use std::path::{Path, PathBuf};

use datasets::{OpenOptions, Record, Source, in_order, open};
use meaning::meaning;
use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/datasets")
}

fn cases() -> Vec<Value> {
    let text = std::fs::read_to_string(fixtures().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn opened(case: &Value) -> Box<dyn Source> {
    let images = case.get("images").map(|folder| fixtures().join(folder.as_str().unwrap()));
    let options = OpenOptions { images, ..OpenOptions::default() };
    open(&fixtures().join(case["path"].as_str().unwrap()), &options).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_published_layout_is_recognised_and_read_back_exactly() {
    for case in cases() {
        let path = case["path"].as_str().unwrap();
        let source = opened(&case);
        assert_eq!(source.describe().layout.name(), case["format"].as_str().unwrap(), "{path}");
        let records: Vec<Record> =
            in_order(&*source).map(|row| row.unwrap_or_else(|error| panic!("{error}"))).collect();
        assert_eq!(records.len() as u64, source.len().unwrap(), "{path}");
        let every = case.get("step").map_or(1, |step| step.as_u64().unwrap() as usize);
        let found: Vec<Value> = records.iter().step_by(every).map(meaning).collect();
        assert_eq!(found, *case["rows"].as_array().unwrap(), "{path}");
    }
}

#[test]
fn every_layout_has_a_fixture() {
    let cases = cases();
    for layout in datasets::Layout::all() {
        assert!(cases.iter().any(|case| case["format"] == layout.name()), "no fixture of {layout}");
        assert_eq!(layout.name().parse(), Ok(layout));
    }
}

#[test]
fn rows_can_be_read_in_any_order() {
    for case in cases() {
        let source = opened(&case);
        let len = source.len().unwrap();
        let order = datasets::Permutation::new(len, &[5]);
        for position in 0..len.min(40) {
            let index = order.at(position);
            let again = opened(&case).get(index).unwrap();
            assert_eq!(meaning(&source.get(index).unwrap()), meaning(&again), "{} row {index}", case["path"]);
        }
        assert!(source.get(len).is_err_and(|error| error.is_past_end()));
        assert!(source.get(u64::MAX).is_err_and(|error| error.is_past_end()));
    }
}
