//! An inspection says what is in a file and what is wrong with it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::path::{Path, PathBuf};

use datasets::{InspectOptions, OpenOptions, inspect};
use vlm_processor::TextProcessor;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures")
}

#[test]
fn the_parts_of_a_file_are_counted() {
    let processor = TextProcessor::from_dir(&fixtures().join("models/text-qwen2_5_vl-nested")).unwrap();
    let path = fixtures().join("datasets/rlhf_v.parquet");
    let found = inspect(&path, &InspectOptions::default(), Some(&processor)).unwrap();
    assert_eq!((found.rows, found.kinds["preference"], found.bad.count()), (2, 2, 0));
    assert_eq!((found.widths.smallest(), found.heights.largest()), (Some(32), Some(24)));
    assert_eq!((found.tokens.count(), found.samples.len(), found.repeated_ids), (2, 2, 0));
    assert_eq!(found.fields["image"].types, ["image"]);
    let text = found.to_string();
    for words in [
        "rlhf_v.parquet: parquet of rlhf-v rows (recognised by image, text)",
        "rows        2 (2 preference)",
        "(2 rows counted)",
        "width     32 to 32",
        "problems    no broken rows",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}

#[test]
fn a_file_with_problems_is_not_said_to_have_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    std::fs::write(&path, r#"{"id": "a", "image": "gone.jpg", "question": "What?", "answer": "x"}"#).unwrap();
    let clips = fixtures().join("datasets/mvbench.json");
    for (path, words) in [(&path, "1 of 1 pictures cannot be used"), (&clips, "rows name video files")] {
        let text = inspect(path, &InspectOptions::default(), None).unwrap().to_string();
        assert!(text.contains(words) && !text.contains("no broken rows"), "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_row() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.jpg"), "no picture").unwrap();
    let path = folder.path().join("rows.jsonl");
    let rows = [
        r#"{"id": "a", "image": "bad.jpg", "question": "What?", "answer": "x"}"#,
        r#"{"id": "a", "image": "gone.jpg", "question": "What?", "answer": "x"}"#,
        r#"{"id": "c", "image": "gone.jpg", "question": "", "answer": "x"}"#,
        r#"{"id": "d", "image"#,
    ];
    std::fs::write(&path, rows.join("\n")).unwrap();
    let found = inspect(&path, &InspectOptions::default(), None).unwrap();
    assert_eq!((found.rows, found.bad.count(), found.repeated_ids), (4, 2, 1));
    assert_eq!(found.image_problems.len(), 2);
    let text = found.to_string();
    for words in [
        "2 of 2 pictures cannot be used",
        "row \"a\": found no file \"gone.jpg\"",
        "bad.jpg: found content that starts with 6e 6f",
        "1 rows have a name that another row has",
        "2 broken rows",
        "line 3: field question: found an empty text",
        "line 4: field .: found broken JSON",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}

#[test]
fn pictures_are_left_alone_when_none_are_to_be_tried() {
    let path = fixtures().join("datasets/maye.jsonl");
    let open = OpenOptions { max_samples: Some(1), ..OpenOptions::default() };
    let found = inspect(&path, &InspectOptions { open, images: 0, tokenised: 0 }, None).unwrap();
    assert_eq!((found.rows, found.widths.count(), found.images_per_row.largest()), (1, 0, Some(1)));
}
