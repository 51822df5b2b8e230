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

/// A record's meaning without what layouts do not carry: answers beyond a text.
fn carried(record: &Record) -> Value {
    let mut fields = meaning(record);
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

#[test]
fn the_kind_of_question_survives_every_layout_and_what_does_not_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let prompt = r#"{"messages": [{"role": "user", "content": "How many?"}], "ground_truth": "3", "task_type": "counting", "meta": 1}"#;
    let pair = r#"{"prompt": "How many?", "chosen": "3", "rejected": "4", "task_type": "counting"}"#;
    std::fs::write(path("prompt.jsonl"), prompt).unwrap();
    std::fs::write(path("pair.jsonl"), pair).unwrap();
    std::fs::create_dir(path("written")).unwrap();
    for layout in OutLayout::ALL {
        let name = if layout == OutLayout::Preference { "pair.jsonl" } else { "prompt.jsonl" };
        for ending in ["jsonl", "parquet"] {
            let out = path(&format!("written/{layout}.{ending}"));
            let source = open(&path(name), &OpenOptions::default()).unwrap();
            let done = convert(&*source, layout, &out, &BadRowPolicy::default()).unwrap();
            let back = open(&out, &OpenOptions::default()).unwrap().get(0).unwrap();
            assert_eq!(back.into_rl_prompt().unwrap().task.as_deref(), Some("counting"), "{layout}");
            let told: Vec<&str> = done.lost.keys().map(String::as_str).collect();
            assert_eq!(told, if name == "pair.jsonl" { vec![] } else { vec!["`meta`"] }, "{layout}");
        }
    }
    let source = open(&path("pair.jsonl"), &OpenOptions::default()).unwrap();
    let done =
        convert(&*source, OutLayout::Messages, &path("better.jsonl"), &BadRowPolicy::default()).unwrap();
    assert!(done.to_string().contains("the worse answer (1 rows)"), "{done}");
}
