//! Words by which responses look back at themselves.

use eval::dynamics::{Metrics, reflection_metrics};
use rewards::{REFLECTION_WORDS, Reflection};

use crate::near;

/// The logged figures of texts, some of them right.
fn figures(texts: &[(&str, bool)]) -> Metrics {
    let mut counts = Reflection::default();
    for (text, right) in texts {
        counts.add(text, f64::from(u8::from(*right)));
    }
    reflection_metrics(&counts)
}

const RATIOS: [&str; 5] = [
    "reflection_ratio",
    "reflection_ratio_in_correct_answers",
    "reflection_ratio_in_incorrect_answers",
    "correct_ratio_in_reflection_texts",
    "correct_ratio_in_no_reflection_texts",
];

/// The number of times that each word occurs; words that do not occur are left out.
fn words(figures: &Metrics) -> Vec<(&str, f64)> {
    let count = |word| (word, figures[&format!("reflection_words/{word}")]);
    REFLECTION_WORDS.into_iter().map(count).filter(|(_, count)| *count != 0.0).collect()
}

const WORKED: [(&str, bool); 5] = [
    ("Wait, let me verify the angle.", true),
    (r"The answer is \boxed{5}.", true),
    ("We are not done yet. Let me RE-CHECK and recheck.", false),
    ("The waiter brings 3 plates.", false),
    ("So x = 4.", true),
];

#[test]
fn five_ratios_tell_who_reflects_and_who_is_right() {
    let figures = figures(&WORKED);
    for (name, expected) in RATIOS.into_iter().zip([0.6, 0.333_333, 1.0, 0.333_333, 1.0]) {
        near(figures[&format!("reflection_analysis/{name}")], expected);
    }
}

#[test]
fn every_occurrence_of_a_word_counts() {
    let expected = [("re-check", 1.0), ("recheck", 1.0), ("verify", 1.0), ("wait", 2.0), ("yet", 1.0)];
    assert_eq!(words(&figures(&WORKED)), expected);
    let other = figures(&[("a reevaluation, I reevaluate", false)]);
    assert_eq!(words(&other), [("reevaluate", 1.0), ("reevaluation", 1.0)]);
}

#[test]
fn nothing_to_count_is_a_ratio_of_zero() {
    for texts in [&[][..], &[("So x = 4.", false), ("It is 5.", false)]] {
        let figures = figures(texts);
        assert_eq!(figures.len(), 20);
        assert!(figures.values().all(|value| *value == 0.0), "{figures:?}");
    }
}
