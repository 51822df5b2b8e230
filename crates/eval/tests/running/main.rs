//! Benchmarks run to the end, stopped, resumed, compared.
#![allow(clippy::unwrap_used, reason = "these are the helpers of tests")]

mod fake;

use std::path::Path;

use datasets::Record;
use eval::{
    BadRows, EvalSampling, Existing, Finish, Limit, PREDICTIONS_FILE, Policy, Rescored, Results, RunError,
    RunOptions, benchmark_by_name, rescore,
};
use fake::{Fake, Rows};

fn options() -> RunOptions {
    let policy = Policy {
        model: "tiny".into(),
        data: "invented".into(),
        pixels: Some((3136, 50176)),
        ..Policy::default()
    };
    RunOptions { batch: 3, ..RunOptions::new(EvalSampling::greedy(16), policy) }
}

fn run(rows: &Rows, model: &mut Fake, folder: &Path, options: &RunOptions) -> Result<Results, RunError> {
    eval::run(benchmark_by_name("vsr").unwrap().as_ref(), rows, model, folder, options)
}

#[test]
fn a_run_scores_every_question_and_writes_what_it_takes_to_score_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let results = run(&Rows::vsr(10), &mut Fake::saying("It is true."), folder.path(), &options()).unwrap();
    assert_eq!((results.summary.questions, results.summary.score), (10, Some(0.5)));
    assert_eq!(results.tables["relation"]["left of"].questions, 10);
    assert_eq!(results.tables["category"]["projective"].score, 0.5);
    assert!((results.official["f1_true"] - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(results.wrong.len(), 5);
    let read = Results::read(&folder.path().join("results.json")).unwrap();
    assert_eq!(read, results);
    let record = results.record(7, "sft", Path::new("eval/vsr"));
    let Rescored::Ours(again) = rescore(&folder.path().join(PREDICTIONS_FILE)).unwrap() else { panic!() };
    assert_eq!(
        (again.summary, again.scores, again.official),
        (results.summary, results.scores, results.official)
    );
    assert_eq!((record.step, record.metrics["accuracy"], record.wrong.len()), (7, 0.5, 5));
    let report = eval::report::render(&[folder.path().to_owned()]).unwrap();
    assert!(report.contains("50.0\u{a0}%") && report.contains("expected <b>false</b>"));
    let page = std::fs::read_to_string(folder.path().join("results.md")).unwrap();
    for words in ["**50.00 %** of 10 questions", "tiny", "3136 to 50176", "TRUE or FALSE", "| left of | 10 |"]
    {
        assert!(page.contains(words), "{words} is not in\n{page}");
    }
}

#[test]
fn a_run_that_is_stopped_anywhere_ends_with_the_same_files() {
    let whole = tempfile::tempdir().unwrap();
    let rows = Rows::vsr(10);
    let expected = run(&rows, &mut Fake::by_id(), whole.path(), &options()).unwrap();
    for stop in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let mut model = Fake::by_id().stopping_after(stop);
        assert!(
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(
                &rows,
                &mut model,
                folder.path(),
                &options()
            )))
            .is_err()
        );
        let log = folder.path().join(PREDICTIONS_FILE);
        let torn = std::fs::read(&log).unwrap();
        std::fs::write(&log, [&torn[..], b"{\"id\": \"9\", \"pro"].concat()).unwrap();
        let mut model = Fake::by_id();
        assert_eq!(run(&rows, &mut model, folder.path(), &options()).unwrap(), expected);
        assert_eq!(model.asked, 10 - 3 * stop);
        assert_eq!(std::fs::read(&log).unwrap(), std::fs::read(whole.path().join(PREDICTIONS_FILE)).unwrap());
    }
}

#[test]
fn answers_made_in_another_way_are_not_taken_for_ones_of_this_run() {
    let folder = tempfile::tempdir().unwrap();
    let rows = Rows::vsr(4);
    run(&rows, &mut Fake::saying("true"), folder.path(), &options()).unwrap();
    let mut other = options();
    other.policy.model = "another".into();
    let error = run(&rows, &mut Fake::saying("true"), folder.path(), &other).unwrap_err();
    assert!(error.to_string().contains("another model"), "{error}");
    other.existing = Existing::Overwrite;
    let results = run(&rows, &mut Fake::saying("false"), folder.path(), &other).unwrap();
    assert_eq!(results.policy.model, "another");
    std::fs::write(folder.path().join(PREDICTIONS_FILE), "{\"some\": \"file\"}\n").unwrap();
    assert!(matches!(
        run(&rows, &mut Fake::saying("true"), folder.path(), &options()),
        Err(RunError::NoLog { line: 1, .. })
    ));
}

#[test]
fn a_question_that_fails_is_wrong_and_is_asked_again_by_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let rows = Rows::vsr(6);
    let results = run(&rows, &mut Fake::saying("true").failing_on("3"), folder.path(), &options()).unwrap();
    assert_eq!((results.summary.failed, results.summary.questions), (1, 6));
    assert!(results.wrong.iter().any(|wrong| wrong.completion.contains("picture is damaged")));
    let mut model = Fake::saying("true");
    let results = run(&rows, &mut model, folder.path(), &options()).unwrap();
    assert_eq!((results.summary.failed, model.asked), (0, 1));
    let folder = tempfile::tempdir().unwrap();
    let hopeless = run(&Rows::vsr(40), &mut Fake::saying("true").failing_on(""), folder.path(), &options());
    assert!(matches!(hopeless, Err(RunError::NothingWorks { failures: 16, .. })));
}

#[test]
fn cut_and_unread_answers_are_counted_apart() {
    let folder = tempfile::tempdir().unwrap();
    let results =
        run(&Rows::vsr(4), &mut Fake::saying("Well").ending(Finish::Length), folder.path(), &options())
            .unwrap();
    assert_eq!(
        (results.summary.unparsed, results.summary.truncated, results.summary.score),
        (4, 4, Some(0.0))
    );
}

#[test]
fn eight_samples_solve_a_question_when_one_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let [.., high] = EvalSampling::maye();
    let options = RunOptions { setting: high, ..options() };
    let results = run(&Rows::vsr(4), &mut Fake::once_true(), folder.path(), &options).unwrap();
    assert_eq!((results.summary.score, results.summary.responses), (Some(1.0), 32));
}

#[test]
fn a_baseline_is_compared_question_by_question() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let rows = Rows::vsr(20);
    run(&rows, &mut Fake::saying("true"), old.path(), &options()).unwrap();
    let results = run(&rows, &mut Fake::right(), new.path(), &options()).unwrap();
    let paired = results.clone().against(&old.path().join("results.json")).unwrap().baseline.unwrap();
    assert_eq!((paired.questions, paired.gained, paired.lost, paired.difference), (20, 10, 0, 0.5));
    assert!((paired.p_value - 2.0 / 1024.0).abs() < 1e-12);
    let text = std::fs::read_to_string(old.path().join("results.json")).unwrap();
    for (change, words) in
        [(("\"vsr\"", "\"okvqa\""), "okvqa"), (("\"version\": 1", "\"version\": 9"), "version 9")]
    {
        let other = old.path().join("other.json");
        std::fs::write(&other, text.replace(change.0, change.1)).unwrap();
        let error = results.clone().against(&other).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn limits_bad_rows_and_repeated_ids() {
    let folder = tempfile::tempdir().unwrap();
    let asked = |rows: &Rows, options: &RunOptions| {
        let options = RunOptions { existing: Existing::Overwrite, ..options.clone() };
        run(rows, &mut Fake::saying("true"), folder.path(), &options)
    };
    let first = RunOptions { limit: Limit::First(3), ..options() };
    assert_eq!(asked(&Rows::vsr(10), &first).unwrap().summary.questions, 3);
    let spread = RunOptions { limit: Limit::Spread(4), ..options() };
    let results = asked(&Rows::vsr(10).with_relations(&["on", "under"]), &spread).unwrap();
    assert_eq!(results.tables["relation"]["on"].questions, 2);
    assert!(matches!(
        asked(&Rows::vsr(5).repeating("1"), &options()),
        Err(RunError::RepeatedId { first: 1, .. })
    ));
    assert!(matches!(asked(&Rows::vsr(5).unlabelled(2), &options()), Err(RunError::Question(_))));
    let skip = RunOptions { bad_rows: BadRows::Skip, ..options() };
    assert!(matches!(
        asked(&Rows::vsr(99).unlabelled(2).unlabelled(3), &skip),
        Err(RunError::TooManyBadRows { bad: 2, rows: 99, .. })
    ));
    let results = asked(&Rows::vsr(100).unlabelled(2), &skip).unwrap();
    assert!(results.notes.iter().any(|note| note.contains("1 of 100 rows")));
    assert!(matches!(asked(&Rows::vsr(0), &options()), Err(RunError::NoQuestions)));
    let bad = RunOptions { setting: EvalSampling { samples: 0, ..EvalSampling::greedy(1) }, ..options() };
    assert!(matches!(asked(&Rows::vsr(1), &bad), Err(RunError::Sampling(_))));
    let Rows(records) = Rows::vsr(1);
    assert!(matches!(records[0], Record::Vqa(_)));
}
