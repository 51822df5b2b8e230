//! The worked examples of CoVT-Reasoner.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::sync::Arc;

use rewards::*;

fn pads(pad: Pad, n: usize) -> String {
    pad.token().repeat(n)
}

fn one(reward: &dyn RewardFn, text: &str) -> f64 {
    let outcome = reward.judge(&Group::of_texts(Sample::text("?", "3"), [text])).remove(0);
    outcome.value().unwrap_or_else(|| reward.unparsed_score().get())
}

fn located(bbox: [f64; 4], point: (f64, f64)) -> Located {
    Located { bbox: Box2d::new(bbox), point: Point2d { x: point.0, y: point.1 } }
}

#[test]
fn the_grounding_format_averages_over_the_objects() {
    let list = r#"[{"bbox_2d":[0,0,9,9],"point_2d":[5,5]},{"bbox_2d":[1,2,3]}]"#;
    assert_eq!(one(&GroundingFormat, &format!("<think>a</think>\n<answer>{list}</answer>")), 2.0);
    assert_eq!(one(&GroundingFormat, "<think>a</think> <answer>42</answer>"), 1.0);
    assert_eq!(one(&GroundingFormat, " <think>a</think> <answer>42</answer>"), 0.0);
    assert_eq!(one(&ThinkAnswerFormat::new(Layout::Exact), "<think>a</think> <answer>42</answer>"), 1.0);
}

#[test]
fn overlap_counts_inclusive_pixels() {
    let overlap = |b| iou(&Box2d::new([0.0, 0.0, 9.0, 9.0]), &Box2d::new(b));
    assert!((overlap([5.0, 0.0, 14.0, 9.0]) - 0.333333).abs() < 1e-6);
    assert!((overlap([9.0, 9.0, 18.0, 18.0]) - 0.005025).abs() < 1e-6);
    assert_eq!(overlap([9.0, 9.0, 0.0, 0.0]), 0.0);
}

#[test]
fn grounding_pairs_predictions_with_gold_objects() {
    let gold = [
        located([10.0, 10.0, 109.0, 109.0], (60.0, 60.0)),
        located([200.0, 50.0, 299.0, 149.0], (250.0, 100.0)),
    ];
    let crossed = [
        located([205.0, 55.0, 304.0, 154.0], (240.0, 110.0)),
        located([12.0, 8.0, 111.0, 107.0], (58.0, 62.0)),
    ];
    assert!((iou(&crossed[0].bbox, &gold[1].bbox) - 0.822323).abs() < 1e-6);
    assert!((iou(&crossed[1].bbox, &gold[0].bbox) - 0.923817).abs() < 1e-6);
    assert_eq!(grounding_score(&crossed, &gold), 3.0);
    assert_eq!(grounding_score(&[located([12.0, 8.0, 111.0, 107.0], (200.0, 62.0))], &gold), 1.0);
    let extra = [gold[0], gold[1], located([60.0, 10.0, 159.0, 109.0], (61.0, 60.0))];
    assert_eq!(grounding_score(&extra, &gold), 2.0);
}

#[test]
fn the_best_pairing_is_better_than_the_greedy_one() {
    let gold =
        [located([20.0, 0.0, 119.0, 99.0], (70.0, 50.0)), located([38.0, 0.0, 137.0, 99.0], (110.0, 50.0))];
    let found =
        [located([20.0, 0.0, 119.0, 99.0], (70.0, 50.0)), located([2.0, 0.0, 101.0, 99.0], (30.0, 50.0))];
    let scores: Vec<Vec<f64>> =
        found.iter().map(|p| gold.iter().map(|g| pair_score(p, g)).collect()).collect();
    assert_eq!(scores, [[3.0, 2.0], [2.0, 0.0]]);
    assert_eq!(grounding_score(&found, &gold), 2.0);
}

#[test]
fn a_broken_object_makes_the_answer_unread() {
    for json in ["[]", "{}", r#"[{"bbox_2d":[1,2,3],"point_2d":[1,2]}]"#, r#"[{"bbox_2d":[1,2,3,4]}]"#, "[[["]
    {
        assert_eq!(parse_objects(json), Err(UnparsedKind::NoBoxes), "{json}");
    }
}

#[test]
fn two_repeated_sentences_are_too_many() {
    let rows =
        [("A b. A b. C d.", 1.0), ("A b. A b. A b.", 0.0), ("x. y. x. y.", 0.0), ("3.5 and 3.5.", 1.0)];
    for (text, expected) in rows {
        assert_eq!(one(&NonRepeat, text), expected, "{text}");
    }
}

/// Content, context, context as published, count, phrase.
fn penalties(text: &str) -> [f64; 5] {
    let rewards: [&dyn RewardFn; 5] = [
        &ContentPenalty,
        &ContextPenalty::new(ContextRule::Hundred),
        &ContextPenalty::new(ContextRule::Twenty),
        &CountPenalty,
        &PhrasePenalty,
    ];
    rewards.map(|reward| one(reward, text))
}

#[test]
fn penalties_match_the_worked_examples() {
    let (s, d) = (|n| pads(Pad::Sam, n), pads(Pad::Depth, 4));
    let (n, p) = (pads(Pad::Dino, 4), pads(Pad::Pidinet, 4));
    let canonical = format!(
        "Because the segmentation of the image is {}, the depth map of the image is {d}, the perception feature of \
         the image is {n}, and the edge map of the image is {p}. The dots sum to three.",
        s(8)
    );
    let rows = [
        (canonical, [0.0, 0.0, -1.0, 0.0, 0.0]),
        (format!("{}, {d}.", s(8)), [-0.5, -0.5, -1.0, -1.0, 0.0]),
        (format!("The segmentation of the image is {} so it is three.", s(7)), [0.0, 0.0, -1.0, -1.0, -1.0]),
        (format!("The segmentation of the image is {} so it is three.", s(9)), [0.0, 0.0, -1.0, -1.0, -1.0]),
        ("There are three dots.".to_owned(), [0.0, 0.0, 0.0, -1.0, 0.0]),
        ("。，".to_owned(), [-0.5, 0.0, 0.0, -1.0, 0.0]),
        (format!("The depth map of the image is{d} ok."), [0.0, 0.0, -1.0, -1.0, 0.0]),
        (format!("The  segmentation of the image is {} ok.", s(7)), [0.0, 0.0, -1.0, -1.0, 0.0]),
        (format!("A mask of it: {} ok.", s(8)), [0.0, 0.0, 0.0, -1.0, 0.0]),
    ];
    for (think, expected) in rows {
        let text = format!("<think>{think}</think><answer>3</answer>");
        assert_eq!(penalties(&text), expected, "{think}");
    }
    for text in ["no block at all".to_owned(), s(8), format!("the edge map of the image is {}", s(8))] {
        assert_eq!(penalties(&text), [0.0; 5], "{text}");
    }
}

fn group_rewards(uses: &str, correct: &str) -> Vec<f64> {
    let pairs = uses.chars().zip(correct.chars());
    let rollouts: Vec<_> = pairs.map(|(u, c)| Rollout { uses: u == '1', correct: c == '1' }).collect();
    group_necessity(&rollouts, &NecessityRules::default())
}

#[test]
fn necessity_pays_where_features_pay() {
    assert_eq!(group_rewards("11110000", "11101000"), [0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(group_rewards("11110000", "11111100"), [0.0; 8]);
    let second = group_rewards("11000000", "01100000");
    assert!((second[1] - 0.333333).abs() < 1e-6 && second.iter().filter(|r| **r != 0.0).count() == 1);
    assert_eq!(group_rewards("11110000", "00011000"), [0.0; 8]);
    let third = group_rewards("11111000", "11100000");
    assert!(third[..3].iter().all(|r| (r - 0.6).abs() < 1e-12) && third[3..].iter().all(|r| *r == 0.0));
    assert_eq!(group_rewards("11111111", "11100000"), [0.0; 8]);
}

#[test]
fn ablation_compares_with_and_without() {
    let rollout = |uses, correct| Rollout { uses, correct };
    let score = |c, c2| ablation_necessity(rollout(true, c), rollout(false, c2), &NecessityRules::default());
    assert_eq!(
        [score(true, false), score(true, true), score(false, true), score(false, false)],
        [1.0, -0.5, -0.5, 0.0]
    );
    let plain = ablation_necessity(rollout(false, true), rollout(false, false), &NecessityRules::default());
    assert_eq!(plain, 0.0);
}

#[test]
fn runs_must_have_their_exact_length() {
    let uses = |n| uses_features(&format!("<think>a {} b</think>", pads(Pad::Sam, n)), FeatureProfile::Covt);
    assert_eq!([uses(7), uses(8), uses(9)], [false, true, false]);
    let latent = "<|latent_start|><|latent_pad|><|latent_end|>";
    assert!(uses_features(latent, FeatureProfile::Ilvr));
    assert!(!uses_features("<|latent_start|><|latent_end|>", FeatureProfile::Ilvr));
}

#[test]
fn the_default_total_adds_its_parts() {
    let note = format!("the segmentation of the image is {}", pads(Pad::Sam, 8));
    let right = format!("<think>{note} so three.</think><answer>3</answer>");
    let wrong = format!("<think>{note} so four.</think><answer>4</answer>");
    let plain_right = "<think>Three dots.</think><answer>3</answer>".to_owned();
    let broken =
        format!("<think>the edge map of the image is {}.</think><answer>3</answer>", pads(Pad::Sam, 8));
    let plain_wrong = "<think>Maybe four.</think><answer>4</answer>".to_owned();
    let set = covt_rewards(CovtPreset::ViewNecessity);
    let total = |texts: Vec<String>| {
        let report = set.judge(&Group::of_texts(Sample::text("?", "3"), texts));
        report.totals.iter().map(|t| t.unwrap().get()).collect::<Vec<_>>()
    };
    let found = total(vec![right, wrong, plain_right, plain_wrong.clone(), plain_wrong.clone(), plain_wrong]);
    // gain = 1/2 − 1/4
    assert!((found[0] - 3.25).abs() < 1e-12 && (found[2] - 3.0).abs() < 1e-12, "{found:?}");
    assert!((total(vec![broken])[0] - 2.0).abs() < 1e-12);
}

#[test]
fn short_answers_are_compared_without_algebra() {
    for (a, b) in [
        (r"\boxed{\frac{1}{2}}", "0.5"),
        ("1,000", "1000"),
        ("(B)", "b"),
        ("1 1/2", "1.5"),
        ("(1, 2)", "(1,2.0)"),
        ("50\\%", "50%"),
    ] {
        assert!(same_answer(a, b), "{a} {b}");
    }
    for (a, b) in
        [("50%", "0.5"), ("(1,2)", "[1,2]"), ("", ""), ("1,00", "100"), ("x+1", "1+x"), ("(2,1)", "(1,2)")]
    {
        assert!(!same_answer(a, b), "{a} {b}");
    }
}

/// The totals of one preset over a group with the gold answer 3.
fn totals(preset: CovtPreset, texts: &[String]) -> Vec<f64> {
    let report = covt_rewards(preset).judge(&Group::of_texts(Sample::text("?", "3"), texts.to_vec()));
    report.totals.iter().map(|t| t.unwrap().get()).collect()
}

#[test]
fn half_a_gain_is_worth_half_a_point() {
    let text = |uses: bool, answer: u32| {
        let note = format!("the segmentation of the image is {}, and", pads(Pad::Sam, 8));
        let note = if uses { note } else { "I see".to_owned() };
        format!("<think>{note} {answer} dots</think><answer>{answer}</answer>")
    };
    let uses = [true, true, true, true, false, false, false, false];
    let answers = [3, 3, 3, 4, 3, 4, 4, 4];
    let texts: Vec<_> = uses.into_iter().zip(answers).map(|(uses, answer)| text(uses, answer)).collect();
    assert_eq!(totals(CovtPreset::ViewNecessity, &texts), [3.5, 3.5, 3.5, 2.0, 3.0, 2.0, 2.0, 2.0]);
    assert_eq!(totals(CovtPreset::Plain, &texts), [1.0, 1.0, 1.0, 0.5, 1.0, 0.5, 0.5, 0.5]);
    // One of the four runs is not enough for the count.
    assert_eq!(totals(CovtPreset::AllPenalties, &texts), [2.5, 2.5, 2.5, 1.0, 2.0, 1.0, 1.0, 1.0]);
}

#[test]
fn the_penalties_bound_the_total_from_below() {
    let repeats = "A. A. A. A.";
    let phrase = format!("{repeats} the edge map of the image is {}", pads(Pad::Sam, 8));
    let texts = [format!("so <think>{phrase}</think><answer>4</answer>"), format!("{repeats} 4")];
    assert_eq!(totals(CovtPreset::ViewNecessity, &texts), [-1.0, 0.0]);
}

#[test]
fn ablation_judges_each_user_by_its_own_continuation() {
    let user = |answer: &str, ablated: &str| {
        let think = format!("<think>{}</think>", pads(Pad::Sam, 8));
        Completion::new(format!("{think}<answer>{answer}</answer>"))
            .with_ablated(format!("<answer>{ablated}</answer>"))
    };
    let plain = Completion::new("<think>plain</think><answer>3</answer>");
    let completions = vec![user("3", "4"), user("3", "3"), user("4", "3"), user("4", "4"), plain];
    let reward = AblationNecessity::new(Arc::new(ViewAnswerAccuracy), NecessityRules::default());
    let outcomes = reward.judge(&Group::new(Sample::text("?", "3"), completions));
    let values: Vec<_> = outcomes.iter().map(|o| o.value().unwrap()).collect();
    assert_eq!(values, [1.0, -0.5, -0.5, 0.0, 0.0]);
}

#[test]
fn on_grounding_rows_half_of_the_accuracy_is_right() {
    let gold = [located([10.0, 10.0, 109.0, 109.0], (60.0, 60.0))];
    let text = |uses: bool, x: u32| {
        let think = if uses { pads(Pad::Dino, 4) } else { "plain".to_owned() };
        let json = format!(r#"[{{"bbox_2d":[{x},10,{},109],"point_2d":[{},60]}}]"#, x + 99, x + 50);
        format!("<think>{think}</think><answer>{json}</answer>")
    };
    let sample = Sample { gold: Gold::Objects(gold.to_vec()), ..Sample::default() };
    // Shifted by 30: an overlap of 70/130, a mean difference of 15 and a distance of 30, so A = 1.
    let group = Group::of_texts(sample, [text(true, 10), text(true, 40), text(false, 40)]);
    let accuracy: Vec<_> = GroundingAccuracy.judge(&group).iter().map(|o| o.value().unwrap()).collect();
    assert_eq!(accuracy, [3.0, 1.0, 1.0]);
    let necessity = GroupNecessity::new(Arc::new(GroundingAccuracy), grounding_necessity());
    let values: Vec<_> = necessity.judge(&group).iter().map(|o| o.value().unwrap()).collect();
    assert_eq!(values, [0.5, 0.0, 0.0]);
}
