//! The worked examples of MAYE.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use rewards::*;

const SAME: [(&str, &str); 16] = [
    (r"\boxed{20}", r"\boxed{20}"),
    (r"\boxed{30^\circ}", r"\boxed{30}"),
    (r"\boxed{\frac{1}{2}}", r"\boxed{0.5}"),
    (r"\boxed{5\sqrt{2}}", r"\boxed{\sqrt{50}}"),
    (r"\boxed{1, 2}", r"\boxed{2,1}"),
    (r"\boxed{x=4}", r"\boxed{4}"),
    (r"\boxed{\pm 3}", r"\boxed{3,-3}"),
    (r"\boxed{12\text{ cm}}", r"\boxed{12}"),
    (r"\boxed{1,234}", r"\boxed{1234}"),
    (r"\boxed{50\%}", r"\boxed{0.5}"),
    (r"\boxed{1\frac{1}{2}}", r"\boxed{1.5}"),
    (r"first \boxed{3}, so \boxed{4}", r"\boxed{4}"),
    (r"\boxed{\angle ABC = 30^\circ}", r"\boxed{30}"),
    (r"\boxed{\sin 30^\circ}", r"\boxed{0.5}"),
    (r"\boxed{2x+3y=6}", r"\boxed{4x+6y=12}"),
    (r"\boxed{1<x<2}", r"\boxed{(1,2)}"),
];

const DIFFERENT: [(&str, &str); 10] = [
    (r"\boxed{20}", r"\boxed{21}"),
    (r"\boxed{(1,2)}", r"\boxed{(2,1)}"),
    (r"\boxed{(1,2)}", r"\boxed{[1,2]}"),
    ("20", r"\boxed{20}"),
    (r"\boxed{1,2}", r"\boxed{1}"),
    (r"\boxed{2000}", r"\boxed{20}"),
    (r"\boxed{0.02}", r"\boxed{0.01}"),
    (r"unbalanced \boxed{3", r"\boxed{3}"),
    (r"\boxed{x}", r"\boxed{3}"),
    (r"\boxed{}", r"\boxed{}"),
];

#[test]
fn the_judge_accepts_other_spellings() {
    for (response, solution) in SAME {
        assert_eq!(
            BoxedJudge::default().judge(response, solution).value(),
            Some(1.0),
            "{response} {solution}"
        );
    }
}

#[test]
fn the_judge_rejects_other_answers() {
    for (response, solution) in DIFFERENT {
        assert_ne!(
            BoxedJudge::default().judge(response, solution).value(),
            Some(1.0),
            "{response} {solution}"
        );
    }
}

#[test]
fn the_tolerance_depends_on_the_mode() {
    let judge = |mode, text: &str| BoxedJudge::new(mode).judge(text, r"\boxed{5\sqrt{2}}").value();
    assert_eq!(judge(JudgeMode::Tolerant, r"\boxed{7.07}"), Some(1.0));
    assert_eq!(judge(JudgeMode::Strict, r"\boxed{7.07}"), Some(0.0));
    assert_eq!(judge(JudgeMode::Tolerant, r"\boxed{7.1}"), Some(0.0));
    assert_eq!(judge(JudgeMode::Strict, r"\boxed{7.1}"), Some(0.0));
}

#[test]
fn ideographs_cost_a_tenth_of_their_share() {
    let group = Group::of_texts(Sample::default(), ["面积 is 12", "", "area"]);
    let values: Vec<_> = LanguagePenalty.judge(&group).iter().map(|o| o.value().unwrap()).collect();
    assert_eq!(values, [-0.025, 0.0, 0.0]);
}

#[test]
fn the_format_wants_exactly_one_think_block() {
    for (text, accepted) in [
        ("<think>a</think>", true),
        ("<think>a</think><think>b</think>", false),
        ("none", false),
        ("<think>a\nb</think>", true),
    ] {
        assert_eq!(Layout::OneThink.accepts(text), accepted, "{text}");
    }
}

#[test]
fn the_penalty_replaces_the_score_and_leaves_the_accuracy() {
    let cut = Completion::new(r"\boxed{4}").with_tokens(40).with_finish(Finish::Length);
    let short = |tokens| Completion::new(r"\boxed{4}").with_tokens(tokens);
    let group = Group::new(Sample::text("?", r"\boxed{4}"), vec![cut, short(18), short(17)]);
    let reward = MayeReward::new(MayeRules { min_tokens: 18, ..MayeRules::default() });
    let values: Vec<_> = reward.judge(&group).iter().map(|o| o.value().unwrap()).collect();
    assert_eq!(values, [-0.1, 1.0, -0.1]);
    let accuracy = reward.components(&group).remove(0);
    assert_eq!((accuracy.name, accuracy.values), ("accuracy", vec![Finite::ONE; 3]));
}

#[test]
fn reflection_is_counted_over_texts_and_answers() {
    let texts = [
        ("Wait, let me verify the angle.", 1.0),
        (r"The answer is \boxed{5}.", 1.0),
        ("We are not done yet. Let me RE-CHECK and recheck.", 0.0),
        ("The waiter brings 3 plates.", 0.0),
        ("So x = 4.", 1.0),
    ];
    let mut counts = Reflection::default();
    texts.iter().for_each(|(text, accuracy)| counts.add(text, *accuracy));
    let found = [
        counts.ratio(),
        counts.ratio_in_correct(),
        counts.ratio_in_incorrect(),
        counts.correct_in_reflective(),
        counts.correct_in_plain(),
    ];
    let expected = [0.6, 1.0 / 3.0, 1.0, 1.0 / 3.0, 1.0];
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
    let count = |word: &str| counts.words[REFLECTION_WORDS.iter().position(|w| *w == word).unwrap()];
    assert_eq!(["verify", "wait", "re-check", "recheck", "yet"].map(count), [1, 2, 1, 1, 1]);
    assert_eq!(counts.words.iter().sum::<usize>(), 6);
}

#[test]
fn a_longer_word_is_not_a_shorter_one() {
    let mut counts = Reflection::default();
    counts.add("a reevaluation, I reevaluate", 1.0);
    let count = |word: &str| counts.words[REFLECTION_WORDS.iter().position(|w| *w == word).unwrap()];
    assert_eq!(["reevaluate", "reevaluation", "re-evaluate"].map(count), [1, 1, 0]);
}

#[test]
fn shares_of_nothing_are_zero() {
    let mut wrong = Reflection::default();
    wrong.add("So x = 4.", 0.0);
    for counts in [Reflection::default(), wrong] {
        let shares = [
            counts.ratio(),
            counts.ratio_in_correct(),
            counts.ratio_in_incorrect(),
            counts.correct_in_reflective(),
            counts.correct_in_plain(),
        ];
        assert_eq!(shares, [0.0; 5]);
    }
}

#[test]
fn the_format_counts_only_with_a_weight() {
    let group =
        Group::of_texts(Sample::text("?", r"\boxed{4}"), [r"<think>面积</think> \boxed{4}", r"\boxed{5}"]);
    let values = |format_weight| {
        let reward = MayeReward::new(MayeRules { format_weight, ..MayeRules::default() });
        reward.judge(&group).iter().map(|o| o.value().unwrap()).collect::<Vec<_>>()
    };
    // Two ideographs among 27 characters.
    let language = -0.1 * 2.0 / 27.0;
    for (weight, expected) in [(Finite::ZERO, [1.0 + language, 0.0]), (Finite::ONE, [2.0 + language, 0.0])] {
        let found = values(weight);
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
    }
}

#[test]
fn a_length_without_the_end_token_is_a_minimum_of_one_more() {
    let group =
        Group::new(Sample::text("?", r"\boxed{4}"), vec![Completion::new(r"\boxed{4}").with_tokens(18)]);
    let value = |min_tokens| {
        MayeReward::new(MayeRules { min_tokens, ..MayeRules::default() }).judge(&group)[0].value()
    };
    assert_eq!([value(18), value(19)], [Some(1.0), Some(-0.1)]);
}
