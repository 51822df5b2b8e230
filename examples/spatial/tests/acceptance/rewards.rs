//! What a completion is worth.

use rewards::{Group, Registry, RewardSet, Sample, Task};

/// The reward of a name in recipes.
fn of(reward: &str, task: Task, completion: &str, truth: &str) -> f64 {
    let set = RewardSet::new().with_shared(Registry::default().get(reward).unwrap(), 1.0);
    let group = Group::of_texts(Sample::text("?", truth).with_task(task), [completion]);
    set.judge(&group).totals[0].unwrap().get()
}

/// With whole words, and with parts of words as published.
fn spatial(completion: &str, truth: &str) -> [f64; 2] {
    ["spatial", "spatial_published"].map(|reward| of(reward, Task::Spatial, completion, truth))
}

#[test]
fn sentences_are_worth_what_they_say_of_space() {
    let cases = [
        ("The cat is left of the box.", "the cat is left of the box.", [1.0, 1.0]),
        ("left", "left", [0.72, 0.72]),
        ("yes", "yes", [0.72, 0.72]),
        ("The cat is right of the box.", "The cat is left of the box.", [-0.1, -0.1]),
        ("The cup is on the table.", "The cup is in front of the table.", [-0.2, 0.1]),
        ("", "left", [-0.88, -0.88]),
        ("no no no no no no no no no no no", "left", [-0.88, -0.88]),
        ("The ball is near the box.", "3", [-0.3, -0.3]),
        ("The monitor faces the front.", "true", [0.0, -0.3]),
        ("The stone is between them", "The book is between the lamp and the vase", [0.3, 0.3]),
        ("The cat is on the mat.", "the cat is on the mat", [1.0, 1.0]),
    ];
    for (completion, truth, expected) in cases {
        let found = spatial(completion, truth);
        let near = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6);
        assert!(near, "{completion:?} against {truth:?}: {found:?}, expected {expected:?}");
    }
}

#[test]
fn counts_are_worth_more_the_nearer_they_are() {
    let cases = [
        ("There are 5 apples in the image.", "5", 1.0),
        ("There are 4 apples.", "5", 0.5),
        ("three cats", "3", 1.0),
        ("8", "5", 0.2),
        ("9", "5", -0.5),
        ("no number here", "3", -0.5),
        ("someone has fourteen pens", "14", 1.0),
        ("I see two or three dogs", "3", 0.5),
    ];
    for (completion, truth, expected) in cases {
        assert_eq!(of("counting", Task::Counting, completion, truth), expected, "{completion:?}");
        let combined = of("combined", Task::Counting, completion, truth);
        assert_eq!(combined, expected, "the combined reward goes by the task");
    }
}

#[test]
fn distances_are_worth_by_their_relative_error() {
    let cases =
        [("2 m", 1.0), ("210 cm", 1.0), ("2.4 m", 0.5), ("3", 0.2), ("5 metres", -0.5), ("far", -0.5)];
    for (completion, expected) in cases {
        assert_eq!(of("distance", Task::Distance, completion, "2.00 metres"), expected, "{completion:?}");
    }
}
