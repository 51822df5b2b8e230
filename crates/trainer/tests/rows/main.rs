//! Rows made ready: limits of length, lines that say what form an answer has, and places of rows that are of no use.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are the helpers of tests")]

use datasets::{Ingredient, Mix, OpenOptions, Shuffle, open};
use recipe::Overlong;
use std::path::Path;
use std::sync::Arc;
use trainer::data::Examples;
use trainer::session::{Conversations, Hints, Labels, Pairs, Prepared, Tasks};
use vlm_processor::{Processor, SpecialTokens};

const LONG: &str = "one two three four five six seven eight nine ten eleven twelve";

/// Rows of one line each, read by the processor of a small checkpoint.
struct Place {
    rows: tempfile::TempDir,
    processor: Arc<Processor>,
}

impl Place {
    fn new(line: &str) -> Self {
        let rows = tempfile::tempdir().unwrap();
        std::fs::write(rows.path().join("rows.jsonl"), line).unwrap();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures");
        let processor = Processor::from_dir(&fixtures.join("checkpoints/qwen2_5-nano")).unwrap();
        Self { rows, processor: Arc::new(processor) }
    }

    fn prepared(&self, longest: Option<usize>) -> Prepared {
        let source = open(&self.rows.path().join("rows.jsonl"), &OpenOptions::default()).unwrap();
        let mix = Mix::of(source.into(), Shuffle::FileOrder).unwrap();
        Prepared::new(Arc::new(mix), self.processor.clone(), longest)
    }
}

fn conversation() -> Place {
    Place::new(&format!(
        r#"{{"messages": [{{"role": "user", "content": "Count."}}, {{"role": "assistant", "content": "{LONG}"}}]}}"#
    ))
}

#[test]
fn an_answer_beyond_the_limit_is_refused_or_cut_at_its_end() {
    let place = conversation();
    let whole = Conversations(place.prepared(None), Labels::Assistant).get(0).unwrap();
    let (length, answer) = (whole.prompt.ids.len(), whole.spans[0].clone());
    let longest = answer.start + 3;
    assert!(length > longest);

    let refused = Conversations(place.prepared(Some(longest)), Labels::Assistant).get(0).unwrap_err();
    assert!(refused.to_string().contains(&format!("has {length} tokens")), "{refused}");

    let cut = Conversations(place.prepared(Some(longest)).overlong(Overlong::Cut), Labels::Assistant);
    let cut = cut.get(0).unwrap();
    assert_eq!(cut.prompt.ids, whole.prompt.ids[..longest]);
    assert_eq!((cut.spans.len(), cut.spans[0].clone()), (1, answer.start..longest));
}

#[test]
fn a_prompt_beyond_the_limit_is_never_cut() {
    let place = conversation();
    let whole = Conversations(place.prepared(None), Labels::Assistant).get(0).unwrap();
    let longest = whole.spans[0].start;
    let examples = Conversations(place.prepared(Some(longest)).overlong(Overlong::Cut), Labels::Assistant);
    assert!(examples.get(0).unwrap_err().to_string().contains("expected at most"));
}

#[test]
fn both_answers_of_a_pair_are_cut_to_the_same_limit() {
    let place = Place::new(&format!(
        r#"{{"prompt": [{{"role": "user", "content": "Count."}}], "chosen": [{{"role": "assistant", "content": "{LONG}"}}], "rejected": [{{"role": "assistant", "content": "no"}}]}}"#
    ));
    let whole = Pairs(place.prepared(None)).get(0).unwrap();
    let longest = whole.prompt.tokens.len() + whole.rejected.len();
    assert!(whole.chosen.len() > whole.rejected.len());
    assert!(Pairs(place.prepared(Some(longest))).get(0).is_err());
    let cut = Pairs(place.prepared(Some(longest)).overlong(Overlong::Cut)).get(0).unwrap();
    assert_eq!(cut.chosen, whole.chosen[..whole.rejected.len()]);
    assert_eq!(cut.rejected, whole.rejected);
    let none = Pairs(place.prepared(Some(whole.prompt.tokens.len())).overlong(Overlong::Cut));
    assert!(none.get(0).is_err(), "there is no room for an answer");
}

#[test]
fn a_prompt_says_the_form_of_its_answer_when_it_is_asked_to() {
    for (task, hint) in [
        ("spatial", "Answer in one short sentence."),
        ("counting", "Answer with a single number."),
        ("distance", "Answer with a number and its unit."),
    ] {
        let line = format!(
            r#"{{"prompt": [{{"role": "user", "content": "Tell."}}], "ground_truth": "3", "task_type": "{task}"}}"#
        );
        let place = Place::new(&line);
        let said = |hints| {
            let task = Tasks(place.prepared(None).hints(hints)).get(0).unwrap();
            assert_eq!(task.sample().question, "Tell.", "the sample keeps the row's own question");
            place.processor.decode(&task.prompt().ids, SpecialTokens::Keep).unwrap()
        };
        assert!(said(Hints::ByTask).contains(&format!("Tell.\n{hint}")), "{}", said(Hints::ByTask));
        assert!(!said(Hints::None).contains(hint));
    }
}

#[test]
fn a_row_of_no_use_is_told_with_its_file_and_line_though_another_file_has_its_id() {
    let place = conversation();
    let row = |image: &str| {
        let text = r#"{"role": "user", "content": "<image>Count."}, {"role": "assistant", "content": "one"}"#;
        format!(r#"{{"id": "same", "messages": [{text}], "images": ["{image}"]}}"#) + "\n"
    };
    std::fs::write(place.rows.path().join("drawn.png"), b"no picture").unwrap();
    std::fs::write(place.rows.path().join("more.jsonl"), row("drawn.png").repeat(2)).unwrap();
    let ingredient = |name: &str| {
        let source = open(&place.rows.path().join(name), &OpenOptions::default()).unwrap();
        Ingredient { source: source.into(), weight: None }
    };
    let mix = Mix::new(vec![ingredient("rows.jsonl"), ingredient("more.jsonl")], Shuffle::FileOrder).unwrap();
    let rows = Conversations(Prepared::new(Arc::new(mix), place.processor.clone(), None), Labels::Assistant);
    assert!(rows.get(0).is_ok());
    let told = rows.get(2).unwrap_err().to_string();
    assert!(told.contains("more.jsonl: line 2: row \"same\"") && told.contains("drawn.png"), "{told}");
}
