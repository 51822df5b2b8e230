//! The worked examples of VQA accuracy and of the rewards for demonstrations.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use rewards::*;

fn answers(parts: &[(usize, &str)]) -> Vec<String> {
    parts.iter().flat_map(|(n, text)| vec![(*text).to_owned(); *n]).collect()
}

#[test]
fn accuracy_counts_the_other_annotators() {
    for (k, expected) in [0.0, 0.3, 0.6, 0.9, 1.0, 1.0].into_iter().enumerate() {
        let found = vqa_accuracy("dog", &answers(&[(k, "dog"), (10 - k, "cat")]), VqaRule::Always);
        assert!((found - expected).abs() < 1e-12, "{k}: {found}");
    }
    let mixed = answers(&[(3, "2"), (2, "two"), (5, "3")]);
    assert_eq!(vqa_accuracy("Two.", &mixed, VqaRule::Always), 1.0);
    assert_eq!(vqa_accuracy("dog", &answers(&[(1, "dog")]), VqaRule::Always), 0.0);
}

#[test]
fn the_official_rule_leaves_unanimous_answers_alone() {
    let same = answers(&[(10, "Yes.")]);
    assert_eq!(vqa_accuracy("yes", &same, VqaRule::WhenAnnotatorsDiffer), 0.0);
    assert_eq!(vqa_accuracy("yes", &same, VqaRule::Always), 1.0);
}

#[test]
fn normalisation_matches_the_official_script() {
    let rows = [
        ("Yes.", "yes"),
        ("The U.S.A.", "usa"),
        ("1,000", "1000"),
        ("dont know", "don't know"),
        ("three dogs", "3 dogs"),
        ("a cat, the dog", "cat dog"),
        ("black/white", "black white"),
        ("black / white", "black white"),
        ("Couldnt've", "couldn't've"),
        ("None", "0"),
        ("3.5", "3.5"),
        ("p.m.", "pm"),
        ("Im", "im"),
        ("10:30", "10:30"),
        ("half-way", "half way"),
        ("somebody'd", "somebodyd"),
        ("10,000 dollars", "10000 dollars"),
    ];
    for (answer, expected) in rows {
        assert_eq!(normalise_answer(answer), expected, "{answer}");
    }
}

#[test]
fn reward_modes_match_the_worked_examples() {
    let weights = CandidateWeights::default();
    let right =
        CandidateScore { correct: true, accuracy: 0.6, gold_probability: 0.35, relevance: 0.5, quality: 0.0 };
    let wrong =
        CandidateScore { correct: false, gold_probability: 0.1, relevance: 0.5, ..CandidateScore::default() };
    let rows = [
        (RewardMode::HardPlusSoft, right, 1.6),
        (RewardMode::HardPlusSoftV2, right, 2.6),
        (RewardMode::Separated, right, 2.6),
        (RewardMode::HardPlusGoldProbability, right, 1.35),
        (RewardMode::HardPlusGoldProbabilityPlusRelevance, wrong, 0.15),
        (RewardMode::Legacy, right, 0.0),
        (RewardMode::HardOnly, right, 1.0),
        (RewardMode::SoftOnly, right, 0.6),
        (RewardMode::HardPlusGoldProbabilitySeparated, right, 2.35),
        (RewardMode::HardPlusGoldProbabilityPlusRelevance, right, 1.35),
        (RewardMode::Separated, CandidateScore { accuracy: 0.6, ..wrong }, 0.6),
        (RewardMode::HardPlusGoldProbabilitySeparated, wrong, 0.1),
        (RewardMode::HardPlusSoft, CandidateScore { accuracy: 90.0, ..right }, 5.0),
    ];
    for (mode, score, expected) in rows {
        assert!((mode.reward(&score, &weights) - expected).abs() < 1e-12, "{mode:?}");
    }
}

#[test]
fn normalised_rewards_are_centred_even_without_spread() {
    assert_eq!(normalise_rewards(&[0.5, 0.5], Normalisation::ZScoreClamp), [0.0, 0.0]);
    assert_eq!(normalise_rewards(&[0.7], Normalisation::ZScore), [0.0]);
    assert!(normalise_rewards(&[], Normalisation::Rank).is_empty());
    assert_eq!(normalise_rewards(&[1.0, 1.0, 3.0], Normalisation::Rank), [-0.5, -0.5, 1.0]);
    let z = normalise_rewards(&[1.5, 0.5, 0.0], Normalisation::ZScore);
    assert!((z[0] - 1.091089).abs() < 1e-6 && (z[2] + 0.872872).abs() < 1e-6);
}

#[test]
fn nearness_to_the_gold_answers_matches_the_worked_examples() {
    assert!((token_f1("red fire truck", "fire truck") - 0.8).abs() < 1e-6);
    assert!((edit_similarity("truck", "trucks") - 0.909091).abs() < 1e-6);
    assert!((ground_truth_probability(&[(2, 0.3), (5, 0.4), (1, 0.1)]) - 0.633333).abs() < 1e-6);
}

#[test]
fn the_default_normalisation_is_bounded_and_none_changes_nothing() {
    let mut rewards = vec![0.0; 19];
    rewards.push(5.0);
    let clamped = normalise_rewards(&rewards, Normalisation::ZScoreClamp);
    let free = normalise_rewards(&rewards, Normalisation::ZScore);
    assert!(clamped[19] == 3.0 && free[19] > 4.0 && clamped[0] == free[0], "{clamped:?} {free:?}");
    assert_eq!(normalise_rewards(&rewards, Normalisation::None), rewards);
}
