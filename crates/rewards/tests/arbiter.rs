//! The referee of the binary consistency, and what becomes of a completion whose arbiter failed.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are the helpers of tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rewards::*;

const RIGHT: &str = "<think>It is C.</think><answer>C</answer>";

fn group<const N: usize>(texts: [&str; N]) -> Group {
    Group::of_texts(Sample::text("Which?", "C"), texts)
}

fn busy() -> Result<String, ArbiterError> {
    Err(ArbiterError::Unavailable { message: "busy".to_owned() })
}

fn says(reply: &str) -> Result<String, ArbiterError> {
    Ok(reply.to_owned())
}

type Replies = Vec<Result<String, ArbiterError>>;

fn refereed(replies: Replies) -> (RefereedConsistency, Arc<ScriptedArbiter>) {
    let arbiter = Arc::new(ScriptedArbiter::default().with_replies(replies));
    let at_once = Retries { first_wait: Duration::ZERO, ..Retries::default() };
    (RefereedConsistency::new(arbiter.clone()).with_retries(at_once), arbiter)
}

#[test]
fn the_referee_pays_one_for_a_right_answer_that_follows() {
    let follows = ["C", " c.", "**C**", "(C)", "C. The reasoning", "It supports C"];
    let does_not = ["D", "none", "Cannot say", "", "I"];
    for (reply, expected) in follows.map(|r| (r, 1.0)).into_iter().chain(does_not.map(|r| (r, 0.0))) {
        let (reward, _) = refereed(vec![says(reply)]);
        let found = reward.judge(&group([RIGHT]))[0].value();
        assert_eq!(found, Some(expected), "{reply:?}");
    }
}

#[test]
fn only_right_answers_with_reasoning_are_sent() {
    let (reward, arbiter) = refereed(vec![says("C")]);
    let outcomes = reward.judge(&group([
        "<think>It is B.</think><answer>B</answer>",
        "<think> </think><answer>C</answer>",
        "<think>It is C.</think>",
        "<think>It is C.</think><answer>C or D</answer>",
        RIGHT,
    ]));
    let expected = [
        Outcome::from(false),
        Outcome::Unparsed(UnparsedKind::NoReasoning),
        Outcome::Unparsed(UnparsedKind::NoAnswer),
        Outcome::Unparsed(UnparsedKind::NoLetter),
        Outcome::from(true),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(arbiter.calls(), 1);
}

#[test]
fn the_parser_of_the_published_script_reads_more_answers() {
    let (reward, _) = refereed(vec![says("C")]);
    let reward = reward.with_parser(AnswerParser::PublishedConsistency);
    let text = "<think>It is C.</think><answer>It is C</answer>";
    assert_eq!(reward.judge(&group([text]))[0].value(), Some(1.0));
}

#[test]
fn a_referee_that_is_away_is_asked_three_times() {
    let (reward, arbiter) = refereed(vec![busy(), busy(), says("C")]);
    assert_eq!(reward.judge(&group([RIGHT]))[0].value(), Some(1.0));
    assert_eq!(arbiter.calls(), 3);
    let (reward, arbiter) = refereed(vec![busy(), busy(), busy(), says("C")]);
    let failed = reward.judge(&group([RIGHT])).remove(0);
    let Outcome::Failed(error) = failed else { panic!("three failures: {failed:?}") };
    assert_eq!(error.to_string(), "the arbiter failed: unavailable: busy");
    assert_eq!(arbiter.calls(), 3);
}

#[test]
fn an_arbiter_without_free_text_says_so_at_once() {
    struct VerdictsOnly;
    impl Arbiter for VerdictsOnly {
        fn judge(&self, queries: &[ArbiterQuery]) -> Vec<ArbiterVerdict> {
            vec![ArbiterVerdict::default(); queries.len()]
        }
    }
    let outcome = RefereedConsistency::new(Arc::new(VerdictsOnly)).judge(&group([RIGHT])).remove(0);
    let Outcome::Failed(error) = outcome else { panic!("no free text: {outcome:?}") };
    assert!(error.to_string().contains("gives verdicts and no free text"), "{error}");
}

/// Keeps what it was asked and agrees with everything.
#[derive(Default)]
struct Listener(Mutex<Vec<(TextPrompt, AnswerParams)>>);

impl Arbiter for Listener {
    fn judge(&self, _: &[ArbiterQuery]) -> Vec<ArbiterVerdict> {
        Vec::new()
    }
    fn answer(&self, prompt: &TextPrompt, params: &AnswerParams) -> Result<String, ArbiterError> {
        self.0.lock().unwrap().push((prompt.clone(), *params));
        says("C")
    }
}

#[test]
fn the_referee_sees_question_and_reasoning_and_never_the_answer() {
    let listener = Arc::new(Listener::default());
    let text = "<think> So {question} {think}. </think><answer> C </answer>";
    RefereedConsistency::new(listener.clone()).judge(&group([text]));
    let asked = listener.0.lock().unwrap();
    let [(prompt, params)] = asked.as_slice() else { panic!("one prompt: {asked:?}") };
    assert_eq!(prompt.system, "You judge reasoning only and reply with one capital letter.");
    assert_eq!(
        prompt.user,
        "Question: Which?\nReasoning: So {question} {think}.\n\
         Which option A to H does the reasoning support? One letter only."
    );
    assert_eq!((params.max_tokens, params.limit), (5, Duration::from_secs(30)));
}

#[test]
fn a_gold_answer_without_a_letter_fails_the_group() {
    let (reward, arbiter) = refereed(vec![says("C")]);
    let outcomes = reward.judge(&Group::of_texts(Sample::text("?", "12"), [RIGHT, RIGHT]));
    assert!(outcomes.iter().all(|o| matches!(o, Outcome::Failed(RewardError::BadGold { .. }))));
    assert_eq!(arbiter.calls(), 0);
}

/// Both consistency rewards with an arbiter that fails, beside a format reward of weight 5.
fn reports(policy: ArbiterFailure) -> [GroupReport; 2] {
    let arbiter = Arc::new(ScriptedArbiter::default());
    let registry = Registry { arbiter: Some(arbiter), arbiter_failure: policy, ..Registry::default() };
    ["logical_consistency", "logical_consistency_binary"].map(|name| {
        let set = RewardSet::new()
            .with(ThinkAnswerFormat::strict(), 5.0)
            .with_shared(registry.get(name).unwrap(), 2.0);
        set.judge(&group([RIGHT, "C"]))
    })
}

#[test]
fn a_failed_arbiter_is_counted_and_costs_what_the_policy_says() {
    for policy in ArbiterFailure::ALL {
        for report in reports(policy) {
            let totals: Vec<_> = report.totals.iter().map(|t| t.unwrap().get()).collect();
            assert_eq!(totals, [5.0, 0.0]);
            assert_eq!(report.judged[1].stats().failed, 1, "{policy:?}");
            assert_eq!(report.abort().is_some(), policy == ArbiterFailure::Abort);
        }
    }
}

#[test]
fn alone_a_failed_arbiter_scores_zero_or_nothing() {
    let total = |policy| {
        let silent = Arc::new(ScriptedArbiter::default());
        let set = RewardSet::new().with(LogicalConsistency::new(silent).on_failure(policy), 2.0);
        set.judge(&group([RIGHT])).totals[0].map(Finite::get)
    };
    assert_eq!(ArbiterFailure::ALL.map(total), [Some(0.0), None, None]);
}

#[test]
fn an_arbiter_that_miscounts_has_failed_on_every_query() {
    let silent = LogicalConsistency::new(Arc::new(Listener::default())).on_failure(ArbiterFailure::Drop);
    let outcomes = silent.judge(&group([RIGHT, "C"]));
    assert!(matches!(outcomes[0], Outcome::Failed(RewardError::Arbiter { .. })));
    assert_eq!(outcomes[1], Outcome::Unparsed(UnparsedKind::NoReasoning));
}

#[test]
fn policies_are_known_by_their_names() {
    for policy in ArbiterFailure::ALL {
        assert_eq!(policy.name().parse(), Ok(policy));
    }
    let error = "abortt".parse::<ArbiterFailure>().unwrap_err();
    assert!(error.to_string().contains("did you mean \"abort\""), "{error}");
}
