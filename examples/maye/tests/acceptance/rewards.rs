//! What a response is worth.

use crate::near;
use rewards::{
    Completion, Finish, Finite, Group, LanguagePenalty, Layout, MayeReward, MayeRules, RewardFn, Sample,
};

#[test]
fn ideographs_cost_a_tenth_of_their_share() {
    let group = Group::of_texts(Sample::default(), ["面积 is 12", "", "area"]);
    let found: Vec<_> = LanguagePenalty.judge(&group).iter().map(|outcome| outcome.value()).collect();
    assert_eq!(found, [Some(-0.025), Some(0.0), Some(0.0)]);
}

/// Score and parts of one response to a question whose answer is 4.
fn score(rules: MayeRules, completion: Completion) -> (f64, [f64; 3]) {
    let group = Group::new(Sample::text("?", r"\boxed{4}"), vec![completion]);
    let reward = MayeReward::new(rules);
    let parts = reward.components(&group);
    let part = |name| parts.iter().find(|part| part.name == name).unwrap().values[0].get();
    (reward.judge(&group)[0].value().unwrap(), ["accuracy", "language", "format"].map(part))
}

#[test]
fn exactly_one_closed_thought_is_the_format() {
    let weighted = MayeRules { format_weight: Finite::new(1.0).unwrap(), ..MayeRules::default() };
    for (text, expected) in [
        ("<think>a</think>", 1.0),
        ("<think>a</think><think>b</think>", 0.0),
        ("a", 0.0),
        ("<think>a\nb\n</think> so", 1.0),
    ] {
        assert_eq!(Layout::OneThink.accepts(text), expected == 1.0, "{text:?}");
        let (plain, parts) = score(MayeRules::default(), Completion::new(text));
        assert_eq!((plain, parts[2]), (0.0, expected), "{text:?}");
        assert_eq!(score(weighted, Completion::new(text)).0, expected, "{text:?}");
    }
}

#[test]
fn accuracy_and_language_add_up() {
    let (found, parts) = score(MayeRules::default(), Completion::new(r"面积 \boxed{4}"));
    near(found, 1.0 - 0.1 * 2.0 / 12.0);
    assert_eq!(parts[0], 1.0);
}

#[test]
fn a_right_answer_that_does_not_end_gets_the_penalty_and_counts_as_right() {
    let cut = Completion::new(r"\boxed{4}").with_finish(Finish::Length);
    let (found, parts) = score(MayeRules::default(), cut);
    assert_eq!((found, parts[0]), (-0.1, 1.0));
}

#[test]
fn the_end_token_counts_in_the_length_of_a_response() {
    let of = |min_tokens, tokens| {
        let rules = MayeRules { min_tokens, ..MayeRules::default() };
        score(rules, Completion::new(r"\boxed{4}").with_tokens(tokens)).0
    };
    assert_eq!(of(18, 17 + 1), 1.0);
    assert_eq!(of(18, 16 + 1), -0.1);
    // Without its end token a response is one shorter, as if the least length were one more.
    assert_eq!(of(18 + 1, 17 + 1), -0.1);
}
