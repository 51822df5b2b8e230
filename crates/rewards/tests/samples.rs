//! Which samples a reward can judge by.

use rewards::{
    BoxedJudge, Finite, Gold, Group, JudgeMode, MathAccuracy, Outcome, RewardSet, Sample, ThinkAnswerFormat,
    VqaAccuracy, reward_by_name, reward_names,
};

/// Rewards whose names say that they need more than a name.
const NEEDY: [&str; 5] = [
    "get_soft_overlong_punishment",
    "logical_consistency",
    "logical_consistency_binary",
    "logical_consistency_published",
    "soft_overlong",
];

fn samples() -> Vec<Sample> {
    let answers = vec!["3".to_owned(), "three".to_owned()];
    let mut samples = vec![Sample::default(), Sample { gold: Gold::Answers(answers), ..Sample::default() }];
    samples.push(Sample { gold: Gold::Objects(Vec::new()), ..Sample::default() });
    samples.extend(["B", "3", "", "left of the cup", "0.5 m"].map(|gold| Sample::text("?", gold)));
    samples
}

#[test]
fn a_reward_takes_a_sample_exactly_when_it_does_not_fail_on_its_completions() {
    for name in reward_names().into_iter().filter(|name| !NEEDY.contains(name)) {
        // Necessity is about features, and takes a wrong verdict and none at all alike.
        if name.starts_with("necessity") {
            continue;
        }
        let reward = reward_by_name(name).unwrap();
        for sample in samples() {
            let outcomes = reward.judge(&Group::of_texts(sample.clone(), ["<answer>3</answer>", "B"]));
            let fails = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed(_)));
            assert_eq!(reward.accepts(&sample).is_err(), fails, "{name}: {sample:?}: {outcomes:?}");
        }
    }
}

#[test]
fn a_set_takes_a_sample_that_one_of_its_answer_readers_takes_and_names_all_when_none_does() {
    let set = RewardSet::new()
        .with(MathAccuracy, 1.0)
        .with(VqaAccuracy::default(), 1.0)
        .with(ThinkAnswerFormat::strict(), 1.0);
    assert_eq!(set.accepts(&Sample::text("?", "3")), Ok(()));
    assert_eq!(set.accepts(&samples()[1]), Ok(()));
    let told = set.accepts(&Sample::default()).unwrap_err().to_string();
    for word in
        ["reward math_accuracy", "reward vqa_accuracy", "one text", "a list of answers", "reward_funcs"]
    {
        assert!(told.contains(word), "{word}: {told}");
    }
    let format = RewardSet::new().with(ThinkAnswerFormat::strict(), 1.0);
    assert_eq!(format.accepts(&Sample::default()), Ok(()));
}

#[test]
fn scores_add_up_to_the_totals() {
    let set =
        RewardSet::new().with(BoxedJudge::new(JudgeMode::Strict), 2.0).with(ThinkAnswerFormat::strict(), 1.0);
    let texts = [r"<think>a</think><answer>\boxed{3}</answer>", r"\boxed{4}", "nothing"];
    let report = set.judge(&Group::of_texts(Sample::text("?", "3"), texts));
    for (index, total) in report.totals.iter().enumerate() {
        let scores = report
            .judged
            .iter()
            .filter_map(|judged| judged.scores().nth(index).flatten().map(|score| score * judged.weight));
        assert_eq!(total.map(Finite::get), Some(scores.sum()));
    }
}
