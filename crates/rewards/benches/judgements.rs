//! Judgements per second: choice letters and formats, and math answers.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rewards::{AnswerParser, Layout, LetterRange, MathGold, math_equal};

const CHOICES: [&str; 4] = [
    "<think>The person first opens the door and then picks up the cup, so option B fits the log best.</think>\n<answer> B </answer>",
    "<think>Frames 3 to 9 show water running over a dish.</think>\n<answer>C</answer>",
    "The correct answer is: (D)",
    "I looked at every frame, and nothing there tells which of them it is.",
];

const MATH: [(&str, &str); 6] = [
    (r"Adding both gives \boxed{\frac{6}{8}}.", r"$\frac{3}{4}$"),
    (r"<think>some working</think> \boxed{5\sqrt{2}}", r"\boxed{\sqrt{50}}"),
    ("There are 12 red and 30 blue balls, so there are 42 balls in total.", "42"),
    (r"The answer is $x=4$.", r"\boxed{4}"),
    (r"\[ \boxed{7x^2+7x} \]", r"$x(7x+7)$"),
    (
        r"Therefore, the final answer is $\boxed{(-\infty,3)\cup(5,\infty)}$.",
        r"$(-\infty, 3) \cup (5, \infty)$",
    ),
];

fn choices(c: &mut Criterion) {
    let mut group = c.benchmark_group("choice");
    group.throughput(Throughput::Elements(CHOICES.len() as u64));
    for parser in [AnswerParser::Strict, AnswerParser::Choice, AnswerParser::Lenient] {
        group.bench_function(parser.name(), |b| {
            b.iter(|| CHOICES.map(|text| parser.read(black_box(text), LetterRange::A_TO_H)));
        });
    }
    group.finish();
}

fn formats(c: &mut Criterion) {
    let mut group = c.benchmark_group("format");
    group.throughput(Throughput::Elements(CHOICES.len() as u64));
    for (name, layout) in [("in_order", Layout::InOrder), ("full", Layout::Full), ("exact", Layout::Exact)] {
        group.bench_function(name, |b| b.iter(|| CHOICES.map(|text| layout.accepts(black_box(text)))));
    }
    group.finish();
}

fn math(c: &mut Criterion) {
    let mut group = c.benchmark_group("math");
    group.throughput(Throughput::Elements(MATH.len() as u64));
    group.bench_function("pairs", |b| {
        b.iter(|| MATH.map(|(reply, gold)| math_equal(black_box(reply), black_box(gold))))
    });
    let golds: Vec<MathGold> = MATH
        .iter()
        .map(|(_, gold)| MathGold::parse(gold).expect("the gold answers above can be read"))
        .collect();
    group.bench_function("known_gold", |b| {
        b.iter(|| {
            golds.iter().zip(MATH).map(|(gold, (reply, _))| gold.judge(black_box(reply))).collect::<Vec<_>>()
        });
    });
    group.finish();
}

criterion_group!(benches, choices, formats, math);
criterion_main!(benches);
