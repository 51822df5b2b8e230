//! Broken model folders give errors that name the file, what was found and what was expected.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use vlm_processor::TextProcessor;

#[derive(Deserialize)]
struct Expected {
    remove: Vec<String>,
    fragments: Vec<String>,
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures")
}

fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("folder") {
        let entry = entry.expect("entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

#[test]
fn every_malformed_folder_is_refused_with_the_expected_words() {
    let (mut count, mut failures) = (0, Vec::new());
    for entry in std::fs::read_dir(fixtures().join("malformed/text")).expect("folder") {
        let case = entry.expect("entry").path();
        let name = case.file_name().and_then(|n| n.to_str()).expect("name").to_owned();
        let text = std::fs::read_to_string(case.join("expected.json")).expect("expected.json");
        let expected: Expected = serde_json::from_str(&text).expect("expected.json");
        let dir = tempfile::tempdir().expect("folder");
        copy_files(&fixtures().join("models/text-qwen2_5_vl-nested"), dir.path());
        copy_files(&case, dir.path());
        expected.remove.iter().for_each(|f| std::fs::remove_file(dir.path().join(f)).expect("removed"));
        let text = TextProcessor::from_dir(dir.path()).err().map_or("accepted".to_owned(), |e| e.to_string());
        let lacking: Vec<_> = expected.fragments.into_iter().filter(|f| !text.contains(f)).collect();
        if !lacking.is_empty() {
            failures.push(format!("{name}: {text:?} lacks {lacking:?}"));
        }
        count += 1;
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count >= 40, "only {count} folders");
}
