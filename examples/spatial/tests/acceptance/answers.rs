//! What is read from a reply, and how official numbers come about.

use eval::judge::{AnswerKey, ChoiceKey, choice_letter, truth_value};
use eval::{Facets, Prediction, benchmark_by_name};

#[test]
fn the_first_truth_value_counts() {
    let cases = [
        ("TRUE", Some(true)),
        ("It is false.", Some(false)),
        ("True, not false", Some(true)),
        ("untrue", None),
        ("", None),
    ];
    for (reply, expected) in cases {
        assert_eq!(truth_value(reply), expected, "{reply:?}");
    }
}

#[test]
fn a_letter_is_read_where_it_is_one() {
    let options = ["one", "two", "three", "four"].map(ToOwned::to_owned);
    let cases = [
        ("(C)", Some('C')),
        ("B", Some('B')),
        ("b) two", Some('B')),
        ("The answer is D.", Some('D')),
        ("Because", None),
        ("two", Some('B')),
    ];
    for (reply, expected) in cases {
        assert_eq!(choice_letter(reply, &options), expected, "{reply:?}");
    }
}

/// Questions of a source, so many of ten right.
fn questions(source: &str, right: usize) -> Vec<Prediction> {
    let question = |index: usize| Prediction {
        id: format!("{source}-{index}"),
        prompt: String::new(),
        images: Vec::new(),
        key: AnswerKey::Choice(ChoiceKey::new('A', vec!["x".into(), "y".into()]).unwrap()),
        facets: Facets::from([("source".to_owned(), source.to_owned())]),
        responses: Vec::new(),
        judged: Vec::new(),
        score: f64::from(u8::from(index < right)),
        error: None,
    };
    (0..10).map(question).collect()
}

#[test]
fn cv_bench_averages_sources_before_dimensions() {
    let all = [questions("ADE20K", 6), questions("COCO", 5), questions("Omni3D", 7)].concat();
    let official = benchmark_by_name("CV-Bench").unwrap().official(&all);
    for (name, expected) in [("acc_2d", 0.55), ("acc_3d", 0.7), ("overall", 0.625)] {
        assert!((official.scores[name] - expected).abs() < 1e-12, "{name}");
    }
    assert!(official.notes.is_empty());
    let partial = benchmark_by_name("CV-Bench").unwrap().official(&questions("COCO", 5));
    assert!((partial.scores["acc_2d"] - 0.5).abs() < 1e-12 && partial.notes[0].starts_with("partial"));
}
