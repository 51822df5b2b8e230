//! Logs of predictions scored again.
#![allow(clippy::unwrap_used, reason = "these are the helpers of tests")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use eval::{Expected, LogReport, PublishedLog, Rescored, read_published_log, rescore, verify_log};

/// A reply in the manner of the published log.
fn reply(answer: &str) -> String {
    format!("<think>\n <think> The log shows it.</think>\n<answer> {answer} </answer>")
}

/// Ten rows, six of them right; two in other spellings, one that answers in a phrase, one without an answer.
fn rows() -> Vec<serde_json::Value> {
    let labels = ["A", "B", "C", "D", "E", "A", "B", "C", "D", "E"];
    let said = ["A", "B", "C", "D", "E", "A", "C", "D", "E", "A"];
    let row = |at: usize| {
        let (label, pred) = (labels[at], said[at]);
        serde_json::json!({"id": format!("q-{at}"), "label": label, "pred": pred, "is_correct": label == pred, "response": reply(pred)})
    };
    let mut rows: Vec<serde_json::Value> = (0..10).map(row).collect();
    rows[5] = serde_json::json!({"q_uid": "q-5", "correct_letter": 0, "pred_letter": "a", "is_correct": true, "raw_response": reply("A")});
    rows[6]["response"] = "The correct answer is: C".into();
    rows[7] = serde_json::json!({"id": "q-7", "label": "C", "pred": null, "is_correct": false, "response": "no idea at all"});
    rows
}

fn log_of(rows: &[serde_json::Value]) -> PublishedLog {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    rows.iter().for_each(|row| writeln!(file, "{row}").unwrap());
    read_published_log(file.path()).unwrap()
}

fn checked(rows: &[serde_json::Value]) -> LogReport {
    verify_log(&log_of(rows), &Expected { accuracy: Some((0.6, 0.0005)), labels: None })
}

#[test]
fn six_of_ten_are_counted_and_read_again() {
    let report = checked(&rows());
    assert_eq!((report.rows, report.ids, report.stated, report.recomputed), (10, 10, 6, 6));
    assert_eq!((report.lenient.agree, report.single_pass.agree, report.strict.read), (10, 10, 8));
    assert_eq!((report.sources, report.format_valid, report.doubled_think), ([8, 1, 1], 8, 8));
    assert_eq!(report.letters[&'A'], (2, 2));
    assert_eq!(report.faults, Vec::<String>::new());
}

#[test]
fn whatever_disagrees_is_named() {
    let fault = |change: fn(&mut Vec<serde_json::Value>), word: &str| {
        let mut rows = rows();
        change(&mut rows);
        let faults = checked(&rows).faults;
        assert!(faults.iter().any(|fault| fault.contains(word)), "{faults:?} without {word}");
    };
    fault(|rows| rows[0]["is_correct"] = false.into(), "is_correct");
    fault(|rows| rows[1]["id"] = "q-0".into(), "repeated ids");
    fault(|rows| rows[1]["pred"] = "A".into(), "accuracy 0.5000");
    let labels: BTreeMap<String, char> = [("q-0".to_owned(), 'B'), ("q-99".to_owned(), 'A')].into();
    let report = verify_log(&log_of(&rows()), &Expected { accuracy: None, labels: Some(labels) });
    for word in [
        "not in the data: 9 rows",
        "missing: 1 rows, such as q-99",
        "not those of the data: 1 rows, such as q-0",
    ] {
        assert!(report.faults.iter().any(|fault| fault.contains(word)), "{:?}", report.faults);
    }
}

#[test]
fn lists_and_broken_lines_are_read_and_what_is_no_log_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.json");
    std::fs::write(&list, serde_json::Value::from(rows()).to_string()).unwrap();
    assert_eq!(read_published_log(&list).unwrap().rows.len(), 10);
    let lines = folder.path().join("lines.jsonl");
    std::fs::write(&lines, format!("{}\nno json\n\n{{\"id\": 1}}\n", rows()[0])).unwrap();
    assert_eq!(read_published_log(&lines).unwrap().broken, [2, 4]);
    for text in ["", "[", "[]", "{}", "plain words"] {
        std::fs::write(&lines, text).unwrap();
        let error = rescore(&lines).unwrap_err().to_string();
        assert!(error.contains("lines.jsonl"), "{error}");
    }
}

/// The published log is not ours to keep; `ANNEAL_LOGIC_V_LOG` names a copy of it.
#[test]
fn a_published_log_gives_its_published_numbers() {
    let Some(path) = std::env::var_os("ANNEAL_LOGIC_V_LOG") else {
        assert_eq!(checked(&rows()).recomputed, 6);
        return;
    };
    let Rescored::Published(report) = rescore(Path::new(&path)).unwrap() else {
        panic!("found a log of ours")
    };
    assert_eq!((report.rows, report.ids, report.stated, report.recomputed), (500, 500, 295, 295));
    assert_eq!((report.format_valid, report.doubled_think), (495, 496));
    assert_eq!((report.single_pass.agree, report.lenient.agree), (500, 500));
    assert_eq!((report.strict.read, report.strict.correct), (499, 295));
    assert_eq!(report.sources, [499, 1, 0]);
    let letters: Vec<(usize, usize)> = report.letters.values().copied().collect();
    assert_eq!(letters, [(52, 101), (64, 108), (63, 91), (52, 83), (64, 117)]);
    let interval = report.interval.unwrap();
    assert!((interval.low - 0.5464).abs() < 5e-5 && (interval.high - 0.6323).abs() < 5e-5);
    assert_eq!(report.faults, Vec::<String>::new());
}
