//! What holds for every text and every group.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use proptest::prelude::*;
use rewards::*;

/// Text with a taste for the signs that parsers look for.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\\boxed{".to_owned()),
        Just("}".to_owned()),
        Just("$".to_owned()),
        Just("<answer>".to_owned()),
        Just("</answer>".to_owned()),
        Just("<think>".to_owned()),
        Just("</think>".to_owned()),
        Just("answer is ".to_owned()),
        Just("\\frac{1}{2}".to_owned()),
        Just("final answer".to_owned()),
        Just(" = ".to_owned()),
        Just("\\text{".to_owned()),
        Just("\\sqrt[".to_owned()),
        Just("^".to_owned()),
        Just("\\[".to_owned()),
        Just("\\]".to_owned()),
        Just(", ".to_owned()),
        Just("\\pm".to_owned()),
        Just("\u{3000}".to_owned()),
        "[0-9]{1,4}",
        "[A-H]",
        ".{0,6}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn expression() -> impl Strategy<Value = String> {
    let leaf =
        prop_oneof![(1u32..12).prop_map(|n| n.to_string()), Just("x".to_owned()), Just("\\pi".to_owned())];
    leaf.prop_recursive(3, 12, 2, |inner| {
        (inner.clone(), inner, 0usize..5).prop_map(|(a, b, op)| match op {
            0 => format!("({a}+{b})"),
            1 => format!("({a}+2\\cdot {b})"),
            2 => format!("({a}\\cdot {b})"),
            3 => format!("\\frac{{{a}}}{{{b}}}"),
            _ => format!("\\sqrt{{{a}}}"),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_reward_panics_or_miscounts(texts in proptest::collection::vec(text(), 0..4), gold in text()) {
        let group = Group::of_texts(Sample::text("?", gold), texts);
        for name in reward_names() {
            let Ok(reward) = reward_by_name(name) else { continue };
            prop_assert_eq!(reward.judge(&group).len(), group.len(), "{}", name);
        }
    }

    #[test]
    fn verdicts_do_not_depend_on_the_order_of_the_group(texts in proptest::collection::vec(text(), 1..5)) {
        let mut reversed = texts.clone();
        reversed.reverse();
        for name in reward_names() {
            let Ok(reward) = reward_by_name(name) else { continue };
            let judge = |texts: &[String]| reward.judge(&Group::of_texts(Sample::text("?", "4"), texts.to_vec()));
            let mut back = judge(&reversed);
            back.reverse();
            prop_assert_eq!(judge(&texts), back, "{}", name);
        }
    }

    #[test]
    fn an_expression_equals_itself_and_not_itself_plus_one(e in expression()) {
        let boxed = format!("\\boxed{{{e}}}");
        prop_assert_eq!(math_equal(&boxed, &format!("${e}$")).value(), Some(1.0));
        let more = math_equal(&format!("\\boxed{{{e}+1}}"), &boxed).value();
        prop_assert_ne!(more, Some(1.0), "{} + 1", e);
    }

    #[test]
    fn addition_and_multiplication_commute(a in expression(), b in expression()) {
        for op in ["+", "\\cdot "] {
            let (left, right) = (format!("$({a}){op}({b})$"), format!("$({b}){op}({a})$"));
            let verdict = math_equal(&left, &right).value();
            prop_assert_eq!(verdict, Some(1.0), "{} {}", left, right);
        }
    }

    #[test]
    fn integers_are_equal_only_to_themselves(a in -5000i64..5000, b in -5000i64..5000) {
        for gold in [format!("{b}"), format!("${b}$"), format!("\\boxed{{{b}}}")] {
            for reply in [format!("\\boxed{{{a}}}"), format!("The answer is {a}."), format!("It is ${a}$")] {
                prop_assert_eq!(math_equal(&reply, &gold).value(), Some(f64::from(a == b)), "{} {}", reply, gold);
            }
        }
    }

    #[test]
    fn fractions_are_equal_when_cross_products_are(a in 1i64..60, b in 1i64..60, c in 1i64..60, d in 1i64..60) {
        let verdict = math_equal(&format!("\\boxed{{\\frac{{{a}}}{{{b}}}}}"), &format!("${c}/{d}$")).value();
        prop_assert_eq!(verdict, Some(f64::from(a * d == b * c)));
    }

    #[test]
    fn scores_stay_in_their_ranges(completion in text(), gold in text(), n in 0usize..5000) {
        let total = SpatialReward::default().score(&completion, &gold).total;
        prop_assert!((-1.0..=1.0).contains(&total));
        let overlong = SoftOverlong::new(1000, 200).unwrap().score(n);
        prop_assert!((-1.0..=0.0).contains(&overlong));
        let accuracy = vqa_accuracy(&completion, &vec![gold.clone(); 10], VqaRule::Always);
        prop_assert!((0.0..=1.0).contains(&accuracy));
        prop_assert!((0.0..=1.0).contains(&edit_similarity(&completion, &gold)));
        prop_assert!((0.0..=1.0).contains(&jaccard(&completion, &gold)));
        prop_assert!((0.0..=1.0).contains(&repetition_share(&completion, 2)));
    }

    #[test]
    fn the_assignment_is_as_good_as_the_best_permutation(scores in proptest::collection::vec(proptest::collection::vec(0u8..4, 4), 4)) {
        let scores: Vec<Vec<f64>> = scores.iter().map(|row| row.iter().map(|s| f64::from(*s)).collect()).collect();
        let found: f64 = assign(&scores).iter().enumerate().map(|(i, j)| scores[i][j.unwrap()]).sum();
        let mut best: f64 = 0.0;
        for code in 0..256usize {
            let columns = [code & 3, (code >> 2) & 3, (code >> 4) & 3, (code >> 6) & 3];
            let distinct = (0..4).all(|c| columns.contains(&c));
            let sum: f64 = columns.iter().enumerate().map(|(i, j)| scores[i][*j]).sum();
            best = if distinct { best.max(sum) } else { best };
        }
        prop_assert_eq!(found, best);
    }

    #[test]
    fn statistics_match_the_plain_formulas(values in proptest::collection::vec(-1e3f64..1e3, 2..40)) {
        let mut stats = RewardStats::default();
        values.iter().for_each(|x| stats.add(&Outcome::from_f64(*x)));
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let std = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        prop_assert!((stats.mean().unwrap() - mean).abs() < 1e-9);
        prop_assert!((stats.std().unwrap() - std).abs() < 1e-9);
    }
}
