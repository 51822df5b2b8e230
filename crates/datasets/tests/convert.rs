//! What is written is read back equal, and nothing is written over.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

mod meaning;

use std::path::{Path, PathBuf};

use datasets::{BadRowPolicy, OpenOptions, OutLayout, Record, Source, Unfit, convert, in_order, open};
use meaning::meaning;
use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/datasets")
}

/// Where the files go: a folder that the environment names, so that other programs can read them, or a passing one.
fn out_folder() -> (PathBuf, Option<tempfile::TempDir>) {
    match std::env::var_os("ANNEAL_CONVERTED") {
        Some(folder) => (folder.into(), None),
        None => {
            let folder = tempfile::tempdir().unwrap();
            (folder.path().to_owned(), Some(folder))
        }
    }
}

/// The record as the kind that a layout holds.
fn as_kind(record: Record, layout: OutLayout) -> Result<Record, Unfit> {
    match layout {
        OutLayout::Messages | OutLayout::ShareGpt => record.into_instruction().map(Record::Instruction),
        OutLayout::Preference => record.into_preference().map(Record::Preference),
        OutLayout::Prompt | OutLayout::EasyR1 => record.into_rl_prompt().map(Record::RlPrompt),
    }
}

/// A record's meaning without what layouts do not carry: the task, and answers beyond a text.
fn carried(record: &Record) -> Value {
    let mut fields = meaning(record);
    fields.as_object_mut().unwrap().remove("task");
    if let Some(answers) = fields.get("truth").and_then(Value::as_array) {
        fields["truth"] = Value::String(serde_json::to_string(answers).unwrap());
    }
    fields
}

fn round_trip(source: &dyn Source, layout: OutLayout, out: &Path) -> bool {
    let records = || in_order(source).map(|row| as_kind(row.unwrap(), layout));
    let fits = |record: Result<Record, Unfit>| {
        record.is_ok_and(|record| {
            record.visuals().videos.is_empty()
                && !matches!(&record, Record::RlPrompt(prompt)
                    if layout == OutLayout::EasyR1 && (prompt.prompt.len() != 1 || prompt.ground_truth.is_none()))
        })
    };
    if !records().all(fits) {
        return false;
    }
    let done =
        convert(source, layout, out, &BadRowPolicy::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(done.rows, source.len().unwrap());
    let back = open(out, &OpenOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    let found: Vec<Value> = in_order(&*back).map(|row| carried(&row.unwrap())).collect();
    let expected: Vec<Value> = records().map(|record| carried(&record.unwrap())).collect();
    assert_eq!(found, expected, "{}", out.display());
    true
}

#[test]
fn every_layout_reads_back_what_was_written() {
    let (folder, _guard) = out_folder();
    let cases: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(fixtures().join("expected.json")).unwrap()).unwrap();
    let mut written = 0;
    for case in cases.iter().filter(|case| case.get("images").is_none()) {
        let name = case["path"].as_str().unwrap();
        let source = open(&fixtures().join(name), &OpenOptions::default()).unwrap();
        for layout in OutLayout::ALL {
            for ending in ["jsonl", "parquet"] {
                let out = folder.join(format!("{}-{layout}.{ending}", name.replace('.', "_")));
                written += usize::from(round_trip(&*source, layout, &out));
            }
        }
    }
    assert!(written > 150, "{written}");
}

#[test]
fn an_existing_file_is_not_written_over_and_a_failed_one_is_not_left() {
    let folder = tempfile::tempdir().unwrap();
    let source = open(&fixtures().join("comt.jsonl"), &OpenOptions::default()).unwrap();
    let out = folder.path().join("out.jsonl");
    let failed = |source: &dyn Source| {
        convert(source, OutLayout::Messages, &out, &BadRowPolicy::default()).unwrap_err().to_string()
    };
    assert!(failed(&*source).contains("pictures to imagine"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    std::fs::write(&out, "mine").unwrap();
    assert!(failed(&*source).contains("the file exists already"));
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
}
