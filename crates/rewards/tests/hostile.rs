//! Hostile text costs bounded time, and never a panic.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::time::{Duration, Instant};

use rewards::*;

const MEGABYTE: usize = 1 << 20;

/// Quadratic time on a megabyte is minutes, linear time on a loaded machine seconds.
const LIMIT: Duration = Duration::from_secs(6);

/// Runs longer than this are printed.
const SLOW: Duration = Duration::from_millis(300);

fn repeated(piece: &str, size: usize) -> String {
    piece.repeat(size / piece.len() + 1)
}

/// Texts made to be expensive to read.
fn hostile(size: usize) -> Vec<String> {
    let pieces = [
        "{",
        "}",
        "(",
        "[",
        "\\boxed{",
        "\\frac{",
        "\\sqrt",
        "$",
        "$$",
        "\\(",
        "\\[",
        "\\]",
        " [",
        "^",
        "-",
        "1",
        "1,",
        "9.",
        "=",
        " = 1",
        "answer ",
        "answer: \\(",
        "final answer is ",
        "final answer ",
        "<answer>",
        "<answer> A",
        "</answer>",
        "<think>",
        "<think></think>",
        "the edge map of the image ",
        "<|sam_pad|>",
        "<|",
        ".",
        " ",
        "\n",
        "\\text{",
        "\\left(",
        "|",
        "a",
        "a b ",
        "1 + ",
        "1+1 a",
        "\\begin{pmatrix}",
        "&",
        "\\\\",
        "%",
        "\u{3000}",
        "é",
        "\u{0}",
        "答案",
        "😀",
        "$x$ and ",
        "\\boxed{1}",
        "\\boxed{1},",
        "x_",
        "!",
        "\\binom{9}{9}",
        "or ",
        "not ",
        ",1",
        "$1$\n",
        "**",
        "£",
        "-(",
        "1/",
        "°",
        "\"",
        "'",
    ];
    let mut all: Vec<String> = pieces.iter().map(|piece| repeated(piece, size)).collect();
    all.push(format!("\\boxed{{{}}}", "{".repeat(size)));
    all.push(format!("\\boxed{{{}}}", "(".repeat(2000)));
    all.push(format!("\\boxed{{{}1{}}}", "(".repeat(1000), ")".repeat(1000)));
    all.push(format!("\\boxed{{{}}}", "\\frac{1}{".repeat(400)));
    all.push(format!("answer: {}", repeated("1+", size)));
    all.push(format!("{}1", "-".repeat(size)));
    all.push(format!("$[{}]$", "1,".repeat(2000)));
    all.push(format!("\\boxed{{{}}}", "9".repeat(4000)));
    all.push(format!("\\boxed{{{}}}", "x^".repeat(1500)));
    all
}

/// Answers whose value is out of reach.
const EXPLOSIVE: [&str; 12] = [
    r"\boxed{2^{1000000000}}",
    r"\boxed{9^{9^{9^{9^{9}}}}}",
    r"\boxed{1000000000!}",
    r"\boxed{((2000!)!)!}",
    r"\boxed{\binom{1000000000}{500000000}}",
    r"\boxed{x^{1000000000}}",
    r"\boxed{10^{-1000000000}}",
    r"\boxed{\sqrt{2}^{1000000000}}",
    r"\boxed{1/0}",
    r"\boxed{0^{0}}",
    r"\boxed{\infty-\infty}",
    r"\boxed{\log(0)}",
];

fn within<T>(limit: Duration, what: &str, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    let took = start.elapsed();
    if took > SLOW {
        println!("{what} took {took:?}");
    }
    assert!(took < limit, "{what} took {took:?}");
    result
}

fn shown(text: &str) -> String {
    text.chars().take(24).collect()
}

#[test]
fn the_math_judge_is_bounded_on_any_text() {
    for text in hostile(MEGABYTE) {
        within(LIMIT, &shown(&text), || math_equal(&text, "1"));
        within(LIMIT, &shown(&text), || BoxedJudge::default().judge(&text, r"\boxed{1}"));
    }
}

#[test]
fn explosive_answers_are_judged_at_once() {
    for text in EXPLOSIVE {
        for other in EXPLOSIVE {
            let outcome = within(Duration::from_millis(500), text, || math_equal(text, other));
            if text == other {
                assert_eq!(outcome.value(), Some(1.0), "{text}");
            }
        }
        within(Duration::from_millis(500), text, || BoxedJudge::default().judge(text, r"\boxed{3}"));
        assert_ne!(math_equal(text, "3").value(), Some(1.0), "{text}");
    }
    assert_eq!(math_equal(r"\boxed{2^{1000000000}}", r"$4^{500000000}$").value(), Some(1.0));
    assert_eq!(math_equal(r"\boxed{2^{1000000001}}", r"$4^{500000000}$").value(), Some(0.0));
}

#[test]
fn long_integers_are_compared_digit_by_digit() {
    let nines = "9".repeat(300);
    let other = format!("{}8", "9".repeat(299));
    assert_eq!(math_equal(&format!("${nines}$"), &nines).value(), Some(1.0));
    assert_eq!(math_equal(&format!("${nines}$"), &other).value(), Some(0.0));
    assert_eq!(math_equal("$100000000000000000001$", "$100000000000000000000$").value(), Some(0.0));
}

#[test]
fn every_reward_is_bounded_on_any_text() {
    let names = reward_names().into_iter().filter(|name| reward_by_name(name).is_ok());
    let rewards: Vec<_> = names.map(|name| reward_by_name(name).unwrap()).collect();
    for text in hostile(MEGABYTE / 8) {
        let group = Group::of_texts(Sample::text("?", "B 1"), [text.as_str()]);
        for reward in rewards
            .iter()
            .filter(|reward| !reward.name().contains("accuracy") || reward.name().contains("choice"))
        {
            let outcomes =
                within(LIMIT, &format!("{} {}", reward.name(), shown(&text)), || reward.judge(&group));
            assert_eq!(outcomes.len(), 1);
        }
    }
}

#[test]
fn every_parser_is_bounded_on_any_text() {
    for text in hostile(MEGABYTE / 8) {
        for parser in AnswerParser::ALL {
            within(LIMIT, &format!("{} {}", parser.name(), shown(&text)), || {
                parser.read(&text, LetterRange::A_TO_H)
            });
        }
    }
}
