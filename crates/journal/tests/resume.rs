//! A run that is continued has every step once.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::fs;
use std::path::Path;

use journal::{
    EvalLog, EvalRecord, JournalError, MetricLine, MetricsLog, RolloutLog, RolloutRecord, RunFolder, Start,
    Stop, read_evals, read_metrics, rollouts,
};

fn line(step: u64) -> MetricLine {
    MetricLine::new(step).with_epoch(step as f64 / 8.0).with("loss", 1.0 / step as f64)
}

fn completion(step: u64, group: u64) -> RolloutRecord {
    RolloutRecord {
        step,
        group,
        sample_id: format!("row {group}"),
        prompt: "What is \"this\"?\n<image>".into(),
        images: vec!["a.png".into(), "b.png".into()],
        ground_truth: None,
        completion: "größer \u{1b}[31m 🙂\u{2028}".into(),
        tokens: 7,
        stop: Stop::Length,
        rewards: [("format".to_owned(), Some(0.5)), ("judge".to_owned(), None)].into(),
        reward: Some(-1.25),
        advantage: None,
        kl: Some(0.25),
        entropy: None,
    }
}

fn write_metrics(run: &Path, start: Start, steps: impl Iterator<Item = u64>) {
    let mut log = MetricsLog::open(run, start).unwrap();
    steps.for_each(|step| log.append(&line(step)).unwrap());
    log.sync().unwrap();
}

fn steps(run: &Path) -> Vec<u64> {
    read_metrics(run).unwrap().iter().map(|line| line.step).collect()
}

#[test]
fn a_line_is_flat_and_without_what_has_no_value() {
    let run = tempfile::tempdir().unwrap();
    let mut log = MetricsLog::open(run.path(), Start::Fresh).unwrap();
    let mut line = MetricLine::new(10).with("reward", 1.0).with("loss", 0.5).with("kl", f64::NAN);
    line.values.insert("entropy".into(), f64::INFINITY);
    log.append(&line).unwrap();
    log.append(&line.with_epoch(0.25)).unwrap();
    let text = fs::read_to_string(RunFolder::new(run.path()).metrics()).unwrap();
    let expected = "{\"step\":10,\"loss\":0.5,\"reward\":1.0}\n{\"step\":10,\"epoch\":0.25,\"loss\":0.5,\"reward\":1.0}\n";
    assert_eq!(text, expected);
    assert_eq!(read_metrics(run.path()).unwrap()[0].epoch, None);
}

#[test]
fn records_are_read_back_as_they_were_written() {
    let run = tempfile::tempdir().unwrap();
    let records: Vec<_> = (1..=3).flat_map(|step| [completion(step, 0), completion(step, 1)]).collect();
    let mut log = RolloutLog::open(run.path(), Start::Fresh).unwrap();
    records.iter().for_each(|record| log.append(record).unwrap());
    log.sync().unwrap();
    let back: Result<Vec<_>, _> = rollouts(run.path()).unwrap().collect();
    assert_eq!(back.unwrap(), records);

    let eval = EvalRecord {
        step: 3,
        stage: "dpo".into(),
        name: "cv-bench".into(),
        metrics: [("accuracy".to_owned(), 0.5), ("nothing".to_owned(), f64::NAN)].into(),
        wrong: vec![journal::WrongSample {
            prompt: "?".into(),
            completion: "no".into(),
            ..Default::default()
        }],
    };
    EvalLog::open(run.path(), Start::Fresh).unwrap().append(&eval).unwrap();
    let back = read_evals(run.path()).unwrap();
    assert_eq!(back[0].metrics, [("accuracy".to_owned(), 0.5)].into());
    assert_eq!((&back[0].wrong, back[0].step), (&eval.wrong, 3));
}

#[test]
fn later_steps_are_cut_off_and_written_anew() {
    let run = tempfile::tempdir().unwrap();
    write_metrics(run.path(), Start::Fresh, 1..=8);
    for kept in [8, 5, 5, 0] {
        write_metrics(run.path(), Start::After(kept), kept + 1..=8);
        assert_eq!(steps(run.path()), (1..=8).collect::<Vec<_>>(), "after {kept}");
    }
}

#[test]
fn an_end_in_pieces_is_no_error_and_goes_when_the_run_is_continued() {
    let run = tempfile::tempdir().unwrap();
    write_metrics(run.path(), Start::Fresh, 1..=3);
    let path = RunFolder::new(run.path()).metrics();
    let whole = fs::read(&path).unwrap();
    let last = whole.len() - serde_json::to_vec(&line(3)).unwrap().len() - 1;
    for length in last..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(steps(run.path()).len() >= 2, "{length}");
        write_metrics(run.path(), Start::After(3), 4..=4);
        assert_eq!(steps(run.path()), [1, 2, 4], "{length}");
    }
    for tail in [&b"\0\0\0\0"[..], b"\0\n\0", b"{\"step\":", b"{\"step\":4}", b"\xff\xfe\n\n\n"] {
        fs::write(&path, [&whole[..], tail].concat()).unwrap();
        write_metrics(run.path(), Start::After(3), 4..=4);
        assert_eq!(steps(run.path()), [1, 2, 3, 4], "{tail:?}");
    }
}

#[test]
fn nonsense_in_the_middle_is_reported_by_line_and_nothing_is_cut() {
    let run = tempfile::tempdir().unwrap();
    let path = RunFolder::new(run.path()).metrics();
    for (nonsense, words) in [
        ("{\"step\":1,\"loss\":\"low\"}", "expected f64"),
        ("{\"loss\":1}", "missing field `step`"),
        ("{\"step\":-1}", "expected u64"),
        ("[]", "found no record"),
        ("", "found no record"),
        ("{\"step\":1}}", "trailing"),
    ] {
        let text = format!("{{\"step\":1}}\n{nonsense}\n{{\"step\":2}}\n");
        fs::write(&path, &text).unwrap();
        let errors = [
            read_metrics(run.path()).unwrap_err(),
            MetricsLog::open(run.path(), Start::After(1)).unwrap_err(),
        ];
        for error in errors {
            let shown = error.to_string();
            assert!(shown.contains("metrics.jsonl:2: ") && shown.contains(words), "{shown}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_new_run_does_not_write_into_an_old_one() {
    let run = tempfile::tempdir().unwrap();
    write_metrics(run.path(), Start::Fresh, 1..=2);
    let error = MetricsLog::open(run.path(), Start::Fresh).unwrap_err();
    assert!(matches!(error, JournalError::NotFresh { .. }), "{error}");
    RolloutLog::open(run.path(), Start::Fresh).unwrap().append(&completion(1, 0)).unwrap();
    assert!(matches!(RolloutLog::open(run.path(), Start::Fresh), Err(JournalError::NotFresh { .. })));
    assert_eq!(steps(run.path()), [1, 2]);
}

#[test]
fn rollouts_of_a_hundred_steps_share_a_file() {
    let run = tempfile::tempdir().unwrap();
    let mut log = RolloutLog::open(run.path(), Start::Fresh).unwrap();
    for step in [1, 99, 100, 101, 200, 201, 1_000_001] {
        log.append(&completion(step, 0)).unwrap();
    }
    let names = |run: &Path| {
        let entries = fs::read_dir(RunFolder::new(run).rollouts()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let expected =
        ["rollouts-000001.jsonl", "rollouts-000101.jsonl", "rollouts-000201.jsonl", "rollouts-1000001.jsonl"];
    assert_eq!(names(run.path()), expected);

    let all = |run: &Path| rollouts(run).unwrap().map(|record| record.unwrap().step).collect::<Vec<_>>();
    assert_eq!(all(run.path()), [1, 99, 100, 101, 200, 201, 1_000_001]);
    for (kept, left) in [(200, &[1, 99, 100, 101, 200][..]), (100, &[1, 99, 100]), (99, &[1, 99]), (0, &[])] {
        RolloutLog::open(run.path(), Start::After(kept)).unwrap();
        assert_eq!(all(run.path()), left, "after {kept}");
    }
    let mut log = RolloutLog::open(run.path(), Start::After(0)).unwrap();
    log.append(&completion(1, 0)).unwrap();
    assert_eq!(all(run.path()), [1]);
}

#[test]
fn metrics_named_like_the_step_are_refused() {
    let run = tempfile::tempdir().unwrap();
    let mut log = MetricsLog::open(run.path(), Start::Fresh).unwrap();
    let error = log.append(&MetricLine::new(1).with("epoch", 1.0)).unwrap_err().to_string();
    assert!(error.contains("\"epoch\"") && error.contains("rename"), "{error}");
    assert_eq!(read_metrics(run.path()).unwrap(), []);
}

#[test]
fn what_is_not_there_is_empty_and_what_cannot_be_is_named() {
    let run = tempfile::tempdir().unwrap();
    let missing = run.path().join("none");
    assert_eq!(read_metrics(&missing).unwrap(), []);
    assert_eq!(read_evals(&missing).unwrap(), []);
    assert_eq!(rollouts(&missing).unwrap().count(), 0);
    let file = run.path().join("file");
    fs::write(&file, "mine").unwrap();
    let error = MetricsLog::open(&file, Start::Fresh).unwrap_err().to_string();
    assert!(error.contains(&*file.to_string_lossy()), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_by_path() {
    let run = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", RunFolder::new(run.path()).metrics()).unwrap();
    let mut log = MetricsLog::open(run.path(), Start::Fresh).unwrap();
    let error = log.append(&line(1)).unwrap_err().to_string();
    assert!(error.contains("metrics.jsonl") && error.contains("No space left"), "{error}");
}
