//! Scores against an independent implementation and the worked examples of the published systems.

use eval::judge::{
    AnswerKey, BoxTolerance, ChoiceKey, Judge, Stemming, Verdict, VqaAnnotators, VqaJudge, VqaReply,
    box_overlap,
};
use proptest::prelude::*;
use rewards::AnswerParser;
use serde::Deserialize;

#[derive(Deserialize)]
struct AnswerSet {
    prediction: String,
    answers: Vec<String>,
    always: f64,
    when_they_differ: f64,
}

#[test]
fn vqa_accuracy_agrees_with_the_challenge_on_500_answer_sets() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data-fixtures/eval/vqa_accuracy.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let rule = |normalise| VqaJudge { normalise, ..VqaJudge::default() };
    let sets: Vec<AnswerSet> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(sets.len(), 500);
    for set in &sets {
        let of = |normalise| rule(normalise).accuracy(&set.prediction, &set.answers);
        let (always, differ) = (of(VqaAnnotators::Always), of(VqaAnnotators::WhenTheyDiffer));
        assert!((always - set.always).abs() < 1e-8, "{:?} in {:?}: {always}", set.prediction, set.answers);
        assert!(
            (differ - set.when_they_differ).abs() < 1e-8,
            "{:?} in {:?}: {differ}",
            set.prediction,
            set.answers
        );
    }
    assert!(sets.iter().filter(|set| set.always > 0.0).count() > 200);
}

fn vqa(prediction: &str, answers: &[&str]) -> f64 {
    let key = AnswerKey::Answers(answers.iter().map(|answer| (*answer).to_owned()).collect());
    Judge::Vqa(VqaJudge::default()).judge(prediction, &key).verdict.score()
}

#[test]
fn one_to_ten_annotators_who_agree() {
    let score = |agree: usize| {
        let answers: Vec<&str> = (0..10).map(|at| if at < agree { "dog" } else { "cat" }).collect();
        vqa("dog", &answers)
    };
    for (agree, expected) in [0.0, 0.3, 0.6, 0.9, 1.0, 1.0].into_iter().enumerate() {
        assert!((score(agree) - expected).abs() < 1e-12, "{agree}");
    }
    let answers = ["2", "2", "2", "two", "two", "3", "3", "3", "3", "3"];
    assert!((vqa("Two.", &answers) - 1.0).abs() < 1e-12);
    assert_eq!(
        Judge::Vqa(VqaJudge::default()).judge(" ", &AnswerKey::Answers(vec!["a".into()])).verdict,
        Verdict::Unparsed
    );
}

#[test]
fn few_shot_replies_are_cut_where_the_next_example_begins() {
    let rule = Judge::Vqa(VqaJudge {
        reply: VqaReply::FewShot,
        stemming: Stemming::None,
        normalise: VqaAnnotators::Always,
    });
    let key = AnswerKey::Answers(vec!["dog".into(); 10]);
    assert_eq!(rule.judge(" dog Question: what is", &key).verdict, Verdict::Correct);
    assert_eq!(rule.judge("Shorts", &key).verdict, Verdict::Unparsed);
}

fn judged(judge: Judge, reply: &str, gold: &str) -> Verdict {
    judge.judge(reply, &AnswerKey::Text(gold.to_owned())).verdict
}

#[test]
fn boxed_answers_count_within_the_tolerance_that_is_asked_for() {
    let (tolerant, strict) = (
        Judge::Boxed { tolerance: BoxTolerance::Tolerant },
        Judge::Boxed { tolerance: BoxTolerance::Strict },
    );
    assert_eq!(judged(tolerant, r"So \boxed{7.07}", r"\boxed{5\sqrt{2}}"), Verdict::Correct);
    assert_eq!(judged(strict, r"So \boxed{7.07}", r"\boxed{5\sqrt{2}}"), Verdict::Wrong);
    assert_eq!(judged(tolerant, "It is 20", r"\boxed{20}"), Verdict::Unparsed);
    assert_eq!(judged(tolerant, r"first \boxed{3}, so \boxed{4}", r"\boxed{4}"), Verdict::Correct);
}

#[test]
fn verifiable_answers_are_compared_in_their_block() {
    let cases = [
        (r"<think>2</think><answer>\boxed{\frac{1}{2}}</answer>", "0.5", Verdict::Correct),
        ("<answer>1,000</answer>", "1000", Verdict::Correct),
        ("<answer>(B)</answer>", "b", Verdict::Correct),
        ("<answer>50%</answer>", "0.5", Verdict::Wrong),
        ("<answer> </answer>", "0.5", Verdict::Unparsed),
    ];
    for (reply, gold, expected) in cases {
        assert_eq!(judged(Judge::SameAnswer, reply, gold), expected, "{reply}");
    }
    assert_eq!(judged(Judge::FinalAnswer, "Answer: B", "No"), Verdict::Correct);
    assert_eq!(judged(Judge::FinalAnswer, "The final answer is: 70°\nDone", "70°"), Verdict::Correct);
}

#[test]
fn counts_and_distances_are_read_from_prose() {
    let cases = [
        (Judge::Count, "There are five apples.", "5", Verdict::Correct),
        (Judge::Count, "There are 4 apples.", "5", Verdict::Wrong),
        (Judge::Count, "no idea", "5", Verdict::Unparsed),
        (Judge::Distance, "2.5 m", "2.00 metres", Verdict::Correct),
        (Judge::Distance, "about 210 cm", "2.00 metres", Verdict::Correct),
        (Judge::Distance, "2.6", "2.00 metres", Verdict::Wrong),
        (Judge::Distance, "2 seconds", "2.00 metres", Verdict::Wrong),
        (Judge::Distance, "150 cm", "200 cm", Verdict::Correct),
        (Judge::Distance, "150", "200 cm", Verdict::Correct),
        (Judge::Distance, "far", "2.00 metres", Verdict::Unparsed),
        (Judge::Words, "It is a Red circle.", "red circle", Verdict::Correct),
        (Judge::Words, "", "red", Verdict::Unparsed),
        (Judge::Math, r"thus $\frac{6}{8}$", "0.75", Verdict::Correct),
    ];
    for (judge, reply, gold, expected) in cases {
        assert_eq!(judged(judge, reply, gold), expected, "{judge:?} {reply}");
    }
}

#[test]
fn overlaps_are_those_of_inclusive_pixels() {
    let iou = |a, b| box_overlap(&[a], &[b]);
    assert!((iou([0.0, 0.0, 9.0, 9.0], [5.0, 0.0, 14.0, 9.0]) - 0.333_333).abs() < 1e-6);
    assert!((iou([0.0, 0.0, 9.0, 9.0], [9.0, 9.0, 18.0, 18.0]) - 0.005_025).abs() < 1e-6);
    let reply = r#"<think>x</think><answer>[{"bbox_2d": [0, 0, 9, 9], "point_2d": [5, 5]}]</answer>"#;
    let key = AnswerKey::Boxes(vec![[0.0, 0.0, 9.0, 9.0]]);
    assert_eq!(Judge::Boxes.judge(reply, &key).verdict.score(), 1.0);
    assert_eq!(Judge::Boxes.judge("none here", &key).verdict, Verdict::Unparsed);
}

#[test]
fn a_rule_with_a_key_of_another_kind_reads_nothing() {
    let options = vec!["x".to_owned(), "y".to_owned()];
    let keys = [
        AnswerKey::Truth(true),
        AnswerKey::Choice(ChoiceKey::new('A', options).unwrap()),
        AnswerKey::Text("1".into()),
        AnswerKey::Answers(vec!["1".into()]),
        AnswerKey::Boxes(vec![]),
    ];
    for judge in
        [Judge::TrueFalse, Judge::Choice, Judge::Count, Judge::Boxes, Judge::Vqa(VqaJudge::default())]
    {
        assert_eq!(keys.iter().filter(|key| judge.fits(key)).count(), 1, "{judge:?}");
        for key in keys.iter().filter(|key| !judge.fits(key)) {
            assert_eq!(judge.judge("A 1 true", key).verdict, Verdict::Unparsed);
        }
        let text = serde_json::to_string(&judge).unwrap();
        assert_eq!(serde_json::from_str::<Judge>(&text).unwrap(), judge, "{text}");
    }
}

proptest! {
    /// Whatever a model writes, every judge says something between 0 and 1.
    #[test]
    fn no_reply_breaks_a_judge(reply in reply(), gold in "\\PC{0,12}", letter in prop::char::range('A', 'D')) {
        let options = ["left", "右", "a chair", ""].map(String::from).to_vec();
        let keys = [
            AnswerKey::Truth(true),
            AnswerKey::Choice(ChoiceKey::new(letter, options).unwrap()),
            AnswerKey::Text(gold.clone()),
            AnswerKey::Answers(vec![gold; 10]),
            AnswerKey::Boxes(vec![[0.0, 0.0, 9.0, 9.0]]),
        ];
        let parser = Judge::Letter { parser: AnswerParser::Lenient };
        let vqa = |stemming| Judge::Vqa(VqaJudge { stemming, ..VqaJudge::default() });
        let judges = [
            Judge::TrueFalse, Judge::Choice, parser, vqa(Stemming::None), vqa(Stemming::Porter), Judge::Math, Judge::FinalAnswer,
            Judge::Boxed { tolerance: BoxTolerance::Tolerant }, Judge::SameAnswer, Judge::Words, Judge::Count, Judge::Distance, Judge::Boxes,
        ];
        for judge in judges {
            for key in &keys {
                let judged = judge.judge(&reply, key);
                prop_assert!((0.0..=1.0).contains(&judged.verdict.score()));
                prop_assert_eq!(judged.verdict.is_read(), judged.answer.is_some());
            }
        }
    }
}

/// Texts that look like answers, mixed with any text.
fn reply() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,8}",
        prop::sample::select(vec![
            "(A)",
            "B.",
            "the answer is ",
            "<answer>",
            "</answer>",
            "\\boxed{",
            "}",
            "true",
            "[[1,2,3,4]]",
            "{\"bbox_2d\":",
            "1e999",
            "final answer：",
            "\n",
            "<think>",
            "２",
            "50 %",
            "Question",
            "(",
            "İ",
            "\u{301}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}
