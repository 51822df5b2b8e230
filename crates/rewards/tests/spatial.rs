//! The worked examples of the spatial rewards.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use rewards::*;

fn judge(reward: &dyn RewardFn, sample: Sample, text: &str) -> f64 {
    let outcome = reward.judge(&Group::of_texts(sample, [text])).remove(0);
    outcome.value().unwrap_or_else(|| reward.unparsed_score().get())
}

fn spatial(text: &str, gold: &str) -> [f64; 2] {
    let substring = SpatialReward::new(SpatialWeights::default(), RelationMatch::Substring);
    [SpatialReward::default().score(text, gold).total, substring.score(text, gold).total]
}

#[test]
fn spatial_scores_match_the_worked_examples() {
    let no = ["no"; 11].join(" ");
    let rows = [
        ("The cat is left of the box.", "the cat is left of the box.", 1.0, 1.0),
        ("left", "left", 0.72, 0.72),
        ("yes", "yes", 0.72, 0.72),
        ("The cat is right of the box.", "The cat is left of the box.", -0.1, -0.1),
        ("The cup is on the table.", "The cup is in front of the table.", -0.2, 0.1),
        ("", "left", -0.88, -0.88),
        (no.as_str(), "left", -0.88, -0.88),
        ("The ball is near the box.", "3", -0.3, -0.3),
        ("The monitor faces the front.", "true", 0.0, -0.3),
        ("The stone is between them", "The book is between the lamp and the vase", 0.3, 0.3),
        ("The cat is on the mat.", "the cat is on the mat", 1.0, 1.0),
    ];
    for (text, gold, words, substring) in rows {
        let found = spatial(text, gold);
        assert!((found[0] - words).abs() < 1e-6, "{text:?} against {gold:?}: {found:?}");
        assert!((found[1] - substring).abs() < 1e-6, "{text:?} against {gold:?}: {found:?}");
    }
    let partial =
        SpatialReward::default().score("The cat is right of the box.", "The cat is left of the box.").partial;
    assert!((partial - 0.833333).abs() < 1e-6);
}

#[test]
fn counts_are_scored_by_their_distance() {
    let rows = [
        ("There are 5 apples in the image.", "5", 1.0),
        ("There are 4 apples.", "5", 0.5),
        ("three cats", "3", 1.0),
        ("8", "5", 0.2),
        ("9", "5", -0.5),
        ("no number here", "3", -0.5),
        ("someone has fourteen pens", "14", 1.0),
        ("I see two or three dogs", "3", 0.5),
    ];
    for (text, gold, expected) in rows {
        assert_eq!(judge(&CountingReward, Sample::text("", gold), text), expected, "{text}");
    }
}

#[test]
fn distances_are_scored_in_bands() {
    let rows = [("2 m", 1.0), ("210 cm", 1.0), ("2.4 m", 0.5), ("3", 0.2), ("5 metres", -0.5), ("far", -0.5)];
    for (text, expected) in rows {
        assert_eq!(judge(&DistanceReward, Sample::text("", "2.00 metres"), text), expected, "{text}");
    }
}

#[test]
fn combined_goes_by_the_task() {
    let combined = CombinedReward::default();
    assert_eq!(judge(&combined, Sample::text("", "5").with_task(Task::Counting), "4"), 0.5);
    assert_eq!(judge(&combined, Sample::text("", "2 m").with_task(Task::Distance), "no"), -0.5);
    assert!((judge(&combined, Sample::text("", "left"), "left") - 0.72).abs() < 1e-6);
}

#[test]
fn a_missing_gold_answer_is_a_failure_and_not_a_score() {
    let outcomes = SpatialReward::default().judge(&Group::of_texts(Sample::default(), ["left"]));
    assert!(matches!(outcomes[0], Outcome::Failed(RewardError::WrongGold { .. })));
}

#[test]
fn numbers_are_read_as_the_rules_say() {
    let rows = [
        ("twenty", "20", 1.0),
        ("20 or nineteen", "19", 0.5),
        ("1234567890", "5", -0.5),
        ("2", "5", 0.2),
        ("5", "none", -0.5),
    ];
    for (text, gold, expected) in rows {
        assert_eq!(judge(&CountingReward, Sample::text("", gold), text), expected, "{text}");
    }
    for (text, gold, expected) in [
        ("79 in", "2 m", 1.0),
        ("6.5 feet", "2 m", 1.0),
        ("2000 mm", "2 metres", 1.0),
        ("3", "0 m", -0.5),
        ("200", "2 m", -0.5),
    ] {
        assert_eq!(judge(&DistanceReward, Sample::text("", gold), text), expected, "{text}");
    }
}

#[test]
fn the_right_relation_earns_more_than_any_other() {
    let relations = [
        "left",
        "right",
        "above",
        "below",
        "in front of",
        "behind",
        "inside",
        "outside",
        "on",
        "under",
        "next to",
        "near",
        "far from",
        "between",
        "among",
        "around",
        "through",
    ];
    let sentence = |relation: &str| format!("The cat is {relation} the box.");
    let score = |a: &str, b: &str| SpatialReward::default().score(&sentence(a), &sentence(b)).total;
    for chosen in relations {
        assert_eq!(score(chosen, chosen), 1.0);
        for rejected in relations.into_iter().filter(|r| *r != chosen) {
            assert!(score(rejected, chosen) <= -0.1, "{rejected} for {chosen}: {}", score(rejected, chosen));
        }
    }
}

#[test]
fn the_parts_add_up_to_the_total() {
    let group =
        Group::of_texts(Sample::text("", "The cat is left of the box."), ["The cat is right of the box."]);
    let parts = SpatialReward::default().components(&group);
    let named: Vec<_> = parts.iter().map(|part| (part.name, part.values[0].get())).collect();
    let expected = [("exact", 0.0), ("partial", 0.833333), ("spatial", 0.0), ("format", 1.0)];
    for ((name, found), (expected_name, value)) in named.into_iter().zip(expected) {
        assert!(name == expected_name && (found - value).abs() < 1e-6, "{name} {found}");
    }
}
