//! When a boxed answer is right.

use rewards::{BoxedJudge, JudgeMode};

/// Whether the judges of both tolerances accept a response.
fn verdicts(response: &str, solution: &str) -> [bool; 2] {
    let right = |mode| BoxedJudge::new(mode).judge(response, solution).value() == Some(1.0);
    [JudgeMode::Tolerant, JudgeMode::Strict].map(right)
}

fn boxed(content: &str) -> String {
    format!("\\boxed{{{content}}}")
}

#[test]
fn answers_that_mean_the_same_are_right() {
    for (answer, gold) in [
        ("20", "20"),
        (r"30^\circ", "30"),
        (r"\frac{1}{2}", "0.5"),
        (r"5\sqrt{2}", r"\sqrt{50}"),
        ("1, 2", "2,1"),
        ("x=4", "4"),
        (r"\pm 3", "3,-3"),
        (r"12\text{ cm}", "12"),
        ("1,234", "1234"),
        (r"50\%", "0.5"),
        (r"1\frac{1}{2}", "1.5"),
    ] {
        assert_eq!(verdicts(&boxed(answer), &boxed(gold)), [true; 2], "{answer} against {gold}");
    }
}

#[test]
fn answers_that_mean_something_else_are_wrong() {
    for (answer, gold) in
        [("20", "21"), ("(1,2)", "(2,1)"), ("(1,2)", "[1,2]"), ("1,2", "1"), ("2000", "20"), ("0.02", "0.01")]
    {
        assert_eq!(verdicts(&boxed(answer), &boxed(gold)), [false; 2], "{answer} against {gold}");
    }
}

#[test]
fn an_answer_without_a_whole_box_is_wrong() {
    assert_eq!(verdicts("20", &boxed("20")), [false; 2]);
    assert_eq!(verdicts(r"\boxed{3", &boxed("3")), [false; 2]);
}

#[test]
fn a_rounded_number_is_right_within_the_tolerance_of_the_mode() {
    let gold = boxed(r"5\sqrt{2}");
    assert_eq!(verdicts(&boxed("7.07"), &gold), [true, false]);
    assert_eq!(verdicts(&boxed("7.1"), &gold), [false, false]);
}

#[test]
fn the_last_box_counts() {
    assert_eq!(verdicts(r"first \boxed{3}, so \boxed{4}", &boxed("4")), [true; 2]);
    assert_eq!(verdicts(r"first \boxed{4}, so \boxed{3}", &boxed("4")), [false; 2]);
}
