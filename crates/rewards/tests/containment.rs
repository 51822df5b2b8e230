//! Rewards that misbehave cost their own verdicts and nothing else.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::time::{Duration, Instant};

use rewards::*;

enum Fault {
    Panic,
    Sleep(Duration),
    TooMany,
    NotFinite,
}

struct Faulty(Fault);

impl RewardFn for Faulty {
    fn name(&self) -> &str {
        "faulty"
    }
    fn judge(&self, group: &Group) -> Vec<Outcome> {
        match self.0 {
            Fault::Panic => panic!("division by {}", 0),
            Fault::Sleep(time) => std::thread::sleep(time),
            Fault::TooMany => return vec![Outcome::from(true); group.len() + 1],
            Fault::NotFinite => return vec![Outcome::from_f64(f64::NAN); group.len()],
        }
        vec![Outcome::from(true); group.len()]
    }
    fn components(&self, _: &Group) -> Vec<Component> {
        panic!("no parts")
    }
}

fn group() -> Group {
    Group::of_texts(Sample::text("?", "B"), ["B.", "C."])
}

fn set(fault: Fault) -> RewardSet {
    RewardSet::new().with(ChoiceAccuracy::default(), 1.0).with(Faulty(fault), 10.0)
}

fn totals(report: &GroupReport) -> Vec<Option<f64>> {
    report.totals.iter().map(|total| total.map(Finite::get)).collect()
}

#[test]
fn a_faulty_reward_is_left_out_and_counted() {
    for fault in [Fault::Panic, Fault::TooMany, Fault::NotFinite] {
        let report = set(fault).judge(&group());
        assert_eq!(totals(&report), [Some(1.0), Some(0.0)]);
        assert_eq!(report.judged[1].stats().failed, 2);
        assert_eq!(report.judged[1].stats().failure_share(), 1.0);
    }
}

#[test]
fn every_failure_says_what_happened() {
    let error = |fault| match &set(fault).judge(&group()).judged[1].outcomes[0] {
        Outcome::Failed(error) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(error(Fault::Panic), "the reward panicked: division by 0");
    assert_eq!(error(Fault::TooMany), "the reward returned 3 verdicts for 2 completions");
    assert_eq!(error(Fault::NotFinite), "the reward computed NaN; expected a finite number");
}

#[test]
fn panicking_parts_are_no_parts() {
    assert!(set(Fault::Panic).components(&group()).is_empty());
}

#[test]
fn a_slow_reward_is_given_up_at_its_deadline_and_then_no_longer_called() {
    let limit = Duration::from_millis(30);
    let slow = set(Fault::Sleep(Duration::from_secs(2))).with_deadline(limit);
    let start = Instant::now();
    let mut errors = Vec::new();
    for _ in 0..6 {
        let report = slow.judge(&group());
        assert_eq!(totals(&report), [Some(1.0), Some(0.0)]);
        errors.push(report.judged[1].outcomes[0].clone());
    }
    assert!(start.elapsed() < Duration::from_millis(1900), "six calls took {:?}", start.elapsed());
    assert_eq!(errors[0], Outcome::Failed(RewardError::TimedOut { limit }));
    assert_eq!(errors[5], Outcome::Failed(RewardError::Stuck { stuck: 4 }));
}

#[test]
fn a_quick_reward_keeps_its_deadline_every_time() {
    let quick = RewardSet::new().with(ChoiceAccuracy::default(), 1.0).with_deadline(Duration::from_secs(30));
    for _ in 0..50 {
        assert_eq!(totals(&quick.judge(&group())), [Some(1.0), Some(0.0)]);
    }
}

#[test]
fn completions_without_any_verdict_have_no_total() {
    let report = RewardSet::new().with(Faulty(Fault::Panic), 1.0).judge(&group());
    assert_eq!(report.totals, [None, None]);
    assert_eq!(report.spread, Spread::Zero(ZeroSpread::TooFew { scored: 0, of: 2 }));
    assert!(RewardSet::new().judge(&group()).totals.iter().all(Option::is_none));
}

#[test]
fn overflowing_totals_are_absent() {
    let set =
        RewardSet::new().with(ChoiceAccuracy::default(), f64::MAX).with(ChoiceAccuracy::default(), f64::MAX);
    assert_eq!(totals(&set.judge(&group())), [None, Some(0.0)]);
}

fn reason(texts: &[&str]) -> String {
    let set = RewardSet::new().with(ChoiceAccuracy::default(), 1.0);
    match set.judge(&Group::of_texts(Sample::text("?", "B"), texts.iter().copied())).spread {
        Spread::Varied => "varied".to_owned(),
        Spread::Zero(reason) => reason.to_string(),
    }
}

#[test]
fn the_reason_for_equal_totals_is_named() {
    assert_eq!(reason(&["B."; 8]), "8 of 8 correct");
    assert_eq!(reason(&["C."; 8]), "0 of 8 correct");
    assert_eq!(reason(&["C.", "?", "?"]), "0 of 3 correct, 2 unparsed (no option letter)");
    assert_eq!(reason(&["B."]), "only 1 of 1 scored");
    assert_eq!(reason(&["B.", "C."]), "varied");
    let set = RewardSet::new().with(NonRepeat, 2.0);
    let Spread::Zero(same) = set.judge(&group()).spread else { panic!("equal totals") };
    assert_eq!(same.to_string(), "2 of 2 scored 2");
}

#[test]
fn every_name_of_the_registry_makes_a_reward() {
    let registry = Registry {
        arbiter: Some(std::sync::Arc::new(ScriptedArbiter::default())),
        overlong: SoftOverlong::new(100, 10).ok(),
        ..Registry::default()
    };
    for name in reward_names() {
        let reward = registry.get(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(reward.judge(&group()).len(), 2, "{name}");
    }
    assert!(reward_names().is_sorted());
    assert!(matches!(reward_by_name("logical_consistency"), Err(RegistryError::Missing { .. })));
    assert!(matches!(reward_by_name("soft_overlong"), Err(RegistryError::Missing { .. })));
}
