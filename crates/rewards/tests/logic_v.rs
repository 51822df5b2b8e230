//! The worked examples of Logic-V: parsers, four rewards, the arbiter, the vote table.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::sync::Arc;

use rewards::*;

fn values(reward: &dyn RewardFn, group: &Group) -> Vec<f64> {
    reward.judge(group).iter().map(|o| o.value().unwrap_or_else(|| reward.unparsed_score().get())).collect()
}

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-6, "found {found:?}, expected {expected:?}");
    }
}

#[test]
fn certainty_falls_with_the_entropy_of_the_letters() {
    let rows: [(&[f64], f64, f64); 7] = [
        (&[0.125; 8], 3.0, 0.0),
        (&[1.0], 0.0, 1.0),
        (&[0.5, 0.5], 1.0, 0.666667),
        (&[0.25; 4], 2.0, 0.333333),
        (&[0.9, 0.1], 0.468996, 0.843668),
        (&[0.7, 0.1, 0.1, 0.1], 1.356780, 0.547740),
        (&[0.97, 0.01, 0.01, 0.01], 0.241941, 0.919353),
    ];
    for (probabilities, bits, weight) in rows {
        let mut entropy = LetterEntropy::default();
        for (letter, p) in ["A", "B", "C", "D", "E", "F", "G", "H"].iter().zip(probabilities) {
            entropy.see(letter, *p);
        }
        close(&[entropy.bits().unwrap(), certainty(entropy.bits())], &[bits, weight]);
    }
}

#[test]
fn the_larger_spelling_of_each_letter_counts() {
    let mut entropy = LetterEntropy::default();
    for (token, p) in [("A", 0.30), (" A", 0.12), ("B", 0.06), (" B", 0.09), ("C", 0.01)] {
        entropy.see(token, p);
    }
    close(&[entropy.bits().unwrap(), certainty(entropy.bits())], &[0.928527, 0.690491]);
    assert_eq!(entropy.letter(), Some('A'));
}

const T1: &str = "The person washes a dish under running water and then dries it with a towel.";
const T2: &str = "Under running water the person washes one dish, then puts it on a rack to dry.";
const T3: &str = "A dog runs across the field while two children fly a red kite near the old lake.";

fn stability(thoughts: &[&str]) -> Vec<f64> {
    let texts: Vec<_> = thoughts.iter().map(|t| format!("<think>{t}</think><answer>A</answer>")).collect();
    values(&Stability::default(), &Group::of_texts(Sample::text("?", "A"), texts))
}

#[test]
fn stability_rewards_pairs_that_reason_alike() {
    close(&[jaccard(T1, T2), jaccard(T1, T3), jaccard(T2, T3)], &[0.5, 2.0 / 27.0, 2.0 / 29.0]);
    close(&stability(&[T1, T2, T3]), &[0.0385, 0.0385, 0.0]);
    let joined = |text: &str, n: usize| vec![text; n].join(" ");
    close(&stability(&[&joined(T1, 14), &joined(T2, 14)]), &[0.5, 0.5]);
    close(&stability(&[&joined(T1, 7), &joined(T2, 6)]), &[0.25275, 0.25275]);
    let short = &T1[..49];
    close(&stability(&[short, short]), &[0.0, 0.0]);
}

/// Readings of one text: Choice, Lenient, then the published accuracy, stability, consistency, single pass, SFT, vote.
/// `-` is none, `0` is the empty text, `^` is the whole text in upper case.
const READINGS: [(&str, &str); 8] = [
    ("<think>My answer based on frames.</think>\n<answer> D </answer>", "D D D B D D D D"),
    ("<think>It cannot be option A.</think>\n<answer> C </answer>", "C C C A C C C C"),
    ("<answer>The best is D</answer>", "D D D D D E C E"),
    ("<answer> Beautiful day", "- - B ^ 0 - C -"),
    ("I pick $\\boxed{c}$", "C - C C 0 - C -"),
    ("The correct answer is: (E)", "E E E E 0 - C E"),
    ("Therefore, D", "D D D D 0 - C D"),
    ("no idea at all", "- - ^ ^ 0 - C -"),
];

#[test]
fn every_parser_reads_the_examples_as_its_script_does() {
    let (five, eight) = (LetterRange::A_TO_E, LetterRange::A_TO_H);
    let parsers = [
        (AnswerParser::Choice, eight),
        (AnswerParser::Lenient, five),
        (AnswerParser::PublishedAccuracy, eight),
        (AnswerParser::PublishedStability, eight),
        (AnswerParser::PublishedConsistency, eight),
        (AnswerParser::PublishedSinglePass, five),
        (AnswerParser::PublishedSft, five),
        (AnswerParser::PublishedVote, five),
    ];
    for (text, expected) in READINGS {
        let shown: Vec<String> = parsers
            .iter()
            .map(|(parser, range)| match parser.read(text, *range) {
                Reading::Letter(letter) => letter.to_string(),
                Reading::None => "-".to_owned(),
                Reading::Text(whole) if whole.is_empty() => "0".to_owned(),
                Reading::Text(whole) if whole == text.to_uppercase() => "^".to_owned(),
                Reading::Text(other) => other,
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "{text:?}");
    }
}

#[test]
fn lenient_reads_what_stands_in_the_tag() {
    let read = |text| AnswerParser::Lenient.read(text, LetterRange::A_TO_E).letter();
    assert_eq!(read("<answer>A or B</answer>"), None);
    assert_eq!(read("<answer>(c).</answer>"), Some('C'));
    assert_eq!(read("<answer>B. washing</answer>"), Some('B'));
    assert_eq!(read("<ANSWER>**b**</ANSWER>"), Some('B'));
    assert_eq!(read("So the best choice is: D, not C"), Some('D'));
}

#[test]
fn strict_wants_one_letter_and_both_tags() {
    let read = |text| AnswerParser::Strict.read(text, LetterRange::A_TO_E).letter();
    assert_eq!(read("<answer> b </answer> and <answer>all of them</answer>"), Some('B'));
    assert_eq!(read("<answer>B"), None);
    assert_eq!(read("<answer>F</answer>"), None);
}

#[test]
fn the_format_needs_four_tags_in_order() {
    let doubled = "<think>\n<think> x</think>\n<answer>E</answer>";
    assert!(Layout::InOrder.accepts(doubled));
    assert!(!Layout::Full.accepts(doubled));
    assert!(!Layout::InOrder.accepts("<answer>E</answer><think>x</think>"));
    assert!(Layout::Full.accepts(" <THINK>x</think> <answer>E</answer>\n"));
    assert!(!Layout::Full.accepts("so <think>x</think><answer>E</answer>"));
}

/// A reward that says what it is told.
struct Fixed(Vec<f64>);

impl RewardFn for Fixed {
    fn name(&self) -> &str {
        "fixed"
    }
    fn judge(&self, _: &Group) -> Vec<Outcome> {
        self.0.iter().map(|x| Outcome::from_f64(*x)).collect()
    }
}

#[test]
fn totals_are_weighted_sums_of_the_components() {
    let rows = [[1.0, 1.0, 0.5, 0.03], [1.0, 1.0, 0.0, 0.03], [0.0, 1.0, 1.0, 0.0], [0.0; 4]];
    let total = |weights: [f64; 4]| {
        let column = |k: usize| Fixed(rows.iter().map(|row| row[k]).collect());
        let set = (0..4).fold(RewardSet::new(), |set, k| set.with(column(k), weights[k]));
        let report = set.judge(&Group::of_texts(Sample::default(), ["", "", "", ""]));
        report.totals.iter().map(|t| t.unwrap().get()).collect::<Vec<_>>()
    };
    close(&total([7.0, 5.0, 2.0, 1.0]), &[13.03, 12.03, 7.0, 0.0]);
    close(&total([7.0, 1.0, 1.0, 1.0]), &[8.53, 8.03, 2.0, 0.0]);
}

fn verdict(letter: Option<char>, entropy_bits: Option<f64>) -> ArbiterVerdict {
    ArbiterVerdict { letter, entropy_bits, error: None }
}

#[test]
fn consistency_scales_agreement_by_certainty() {
    let script = [
        verdict(Some('C'), Some(1.0)),
        verdict(Some('C'), None),
        verdict(Some('D'), Some(0.0)),
        verdict(None, None),
    ];
    let arbiter = Arc::new(ScriptedArbiter::new(script));
    let reward = LogicalConsistency::new(arbiter.clone());
    let text = "<think>It is C.</think><answer>C</answer>";
    let texts = [text, text, text, text, "<think> </think><answer>C</answer>"];
    let group = Group::of_texts(Sample::text("?", "A"), texts);
    close(&values(&reward, &group), &[0.666667, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(arbiter.calls(), 4, "a completion without reasoning is not sent");
}

fn votes(text: &str) -> Votes {
    let mut parts = text.split('|').map(|part| part.chars().collect::<Vec<_>>());
    let mut next = || parts.next().unwrap();
    Votes { generalist: next(), navigator: next(), observer: next() }
}

#[test]
fn the_vote_table_decides_by_the_first_rule_that_holds() {
    let rows = [
        ("AAABC|BBBBB|BBBBB", 'B', 1),
        ("AAABC|BBBBB|CCCAB", 'B', 2),
        ("AABCD|BBBBC|CCCAB", 'B', 3),
        ("AAAAB|AAABC|BBCDE", 'A', 4),
        ("AAAAB|BBCDE|AAAAC", 'A', 5),
        ("AAAAB|AAABB|BBBCD", 'A', 7),
        ("AAAAB|BBCCD|CCCDE", 'A', 7),
        ("AAAAA|BBBCD|CCDEA", 'A', 6),
        ("AABCD|DDEEB|DDDDD", 'D', 8),
        ("AAABC|AAAAB|BBBCD", 'A', 9),
        ("AAABB|BBBCD|CCCDA", 'B', 10),
        ("AAAAB|BBCDE|CCCCB", 'C', 10),
        ("AAABB|BBAAC|CCCDD", 'A', 10),
    ];
    for (text, letter, rule) in rows {
        assert_eq!(route(&votes(text)), Decision::Rule(letter, rule), "{text}");
    }
}

#[test]
fn doubtful_votes_go_to_the_arbiter() {
    use Escalation::{A, B, C, D};
    let rows = [
        ("AABCD|BBBCD|CCCDA", Decision::Escalate('B', 'C', A)),
        ("AABBC|DDDEE|EEEAB", Decision::Escalate('D', 'E', A)),
        ("AAABB|BBCCD|BBCCD", Decision::Escalate('A', 'B', B)),
        ("AAAAA|BBBBB|CCCCC", Decision::Escalate('A', 'B', C)),
        ("AAAAB|BBBCD|CCCCA", Decision::Escalate('A', 'B', C)),
        ("AABCD|AABDE|CCCBD", Decision::Escalate('A', 'C', D)),
        ("AAABC|BCDEA|CCCCB", Decision::Generalist('A')),
        ("|BBBBB|BBBBB", Decision::Majority(Some('B'))),
        ("||", Decision::Majority(None)),
    ];
    for (text, decision) in rows {
        assert_eq!(route(&votes(text)), decision, "{text}");
    }
}

#[test]
fn fifty_characters_of_reasoning_qualify_closed_or_not() {
    let (short, enough) = (&T1[..49], &T1[..50]);
    close(&stability(&[enough, enough]), &[0.05, 0.05]);
    close(&stability(&[enough, short]), &[0.0, 0.0]);
    let open = format!("The answer is A. <THINK> {enough} ");
    let group = Group::of_texts(Sample::text("?", "A"), [open.clone(), open]);
    assert!(values(&Stability::default(), &group).iter().all(|value| *value > 0.0));
}

#[test]
fn only_right_completions_are_compared() {
    let text = |letter| format!("<think>{T1}</think><answer>{letter}</answer>");
    let group = Group::of_texts(Sample::text("?", "A"), [text('A'), text('B'), text('B')]);
    close(&values(&Stability::default(), &group), &[0.0, 0.0, 0.0]);
}

#[test]
fn the_published_consistency_reads_a_letter_in_a_sentence() {
    let group =
        Group::of_texts(Sample::text("?", "A"), ["<think>It is D.</think><answer>The best is D</answer>"]);
    let outcome = |name: &str| {
        let arbiter = Arc::new(ScriptedArbiter::new([verdict(Some('D'), None)]));
        let registry = Registry { arbiter: Some(arbiter), ..Registry::default() };
        registry.get(name).unwrap().judge(&group).remove(0)
    };
    assert_eq!(outcome("logical_consistency_published").value(), Some(1.0));
    assert_eq!(outcome("logical_consistency"), Outcome::Unparsed(UnparsedKind::NoLetter));
}

#[test]
fn the_totals_of_both_presets_come_from_the_four_rewards() {
    let text = |think: &str| format!("<think>{think}</think><answer>A</answer>");
    let total = |preset| {
        let arbiter =
            Arc::new(ScriptedArbiter::new([verdict(Some('A'), Some(1.5)), verdict(Some('B'), None)]));
        let group = Group::of_texts(Sample::text("?", "A"), [text(T1), text(T2), "B.".to_owned()]);
        let report = logic_rewards(preset, arbiter).judge(&group);
        report.totals.iter().map(|t| t.unwrap().get()).collect::<Vec<_>>()
    };
    close(&total(LogicPreset::Released), &[13.0385, 12.0385, 0.0]);
    close(&total(LogicPreset::Launcher), &[8.5385, 8.0385, 0.0]);
}
