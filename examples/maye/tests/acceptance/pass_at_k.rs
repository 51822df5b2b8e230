//! A question is solved when any of its samples is right.

use crate::near;
use eval::EvalSampling;
use eval::stats::{mean, pass_at_k};

/// The share of questions that are solved in as many samples as there are.
fn solved<const K: usize>(flags: &[[u8; K]]) -> f64 {
    let right = |flags: &[u8; K]| flags.iter().filter(|flag| **flag == 1).count();
    mean(&flags.iter().map(|flags| pass_at_k(K, right(flags), K).unwrap()).collect::<Vec<_>>()).unwrap()
}

#[test]
fn one_right_sample_of_eight_solves_a_question() {
    near(solved(&[[0, 0, 1, 0, 0, 0, 0, 0], [0; 8], [1; 8]]), 2.0 / 3.0);
    near(solved(&[[1], [0], [1]]), 0.666_667);
}

#[test]
fn the_three_settings_are_those_of_the_publication() {
    let known = EvalSampling::maye().map(|setting| (setting.pass_at, setting.suffix(), setting.top_p));
    let expected = [
        (1, "pass@1 Temperature=0.01", 0.001),
        (1, "pass@1 Temperature=0.6", 1.0),
        (8, "pass@8 Temperature=1.0", 1.0),
    ];
    assert_eq!(known, expected.map(|(k, suffix, top_p)| (k, suffix.to_owned(), top_p)));
}
