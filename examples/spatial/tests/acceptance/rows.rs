//! Rows of the published sets, labels, and the steps that follow from them.

use datasets::{OpenOptions, Record, open};
use recipe::{Kind, Recipe};
use std::path::Path;
use vlm_processor::{Content, Message, Processor, Role, Row, SpanEnd};

#[test]
fn a_pair_written_as_text_is_the_pair_written_as_an_object() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.jsonl");
    let object =
        r#"{"question": "Where is the cup?", "chosen": "On the table.", "rejected": "Under the table."}"#;
    let text = serde_json::to_string(object).unwrap();
    let row = |text: &str| {
        format!(r#"{{"idx": 4, "ds_name": "toy", "image": {{"path": "4.png"}}, "text": {text}}}"#)
    };
    std::fs::write(&file, [row(&text), row(object), row("\"{broken\"")].join("\n")).unwrap();
    let source =
        open(&file, &OpenOptions { format: "rlhf-v".parse().unwrap(), ..OpenOptions::default() }).unwrap();
    let pair = |index| match source.get(index).unwrap() {
        Record::Preference(pair) => (pair.prompt, pair.chosen, pair.rejected),
        other => panic!("{other:?}"),
    };
    assert_eq!(pair(0), pair(1));
    assert!(source.get(2).unwrap_err().to_string().contains("text"), "malformed text is told by its field");
}

#[test]
fn only_the_assistants_tokens_and_their_end_are_labels() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/checkpoints/qwen2_5-nano");
    let processor = Processor::from_dir(&fixtures).unwrap();
    let says = |role, text: &str| Message { role, content: Content::Text(text.into()) };
    let answers = ["It is left.", "No."];
    let messages = vec![
        says(Role::User, "Where is it?"),
        says(Role::Assistant, answers[0]),
        says(Role::User, "Is it near?"),
        says(Role::Assistant, answers[1]),
    ];
    let row: Row = serde_json::from_value(serde_json::json!({"id": "1", "messages": messages})).unwrap();
    let labelled =
        processor.prepare_labelled_from(&row, &datasets::Visuals::default(), SpanEnd::EndToken).unwrap();
    let counted: Vec<usize> = labelled.spans.iter().map(|span| span.len()).collect();
    let expected = answers.map(|answer| processor.encode(answer).unwrap().len() + 1);
    assert_eq!(counted, expected);
}

#[test]
fn every_recipe_of_the_example_has_the_published_numbers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
    for (kind, rate, rows) in [(Kind::Sft, 2e-5, 8), (Kind::Dpo, 5e-7, 8), (Kind::Grpo, 1e-6, 64)] {
        let text = std::fs::read_to_string(folder.join(format!("{kind}.yaml"))).unwrap();
        let recipe = Recipe::parse(kind, &text, Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"));
        let optimiser = &recipe.optimiser;
        assert_eq!((optimiser.learning_rate.get(), optimiser.rows_per_step()), (rate, rows));
        if kind == Kind::Dpo {
            let steps = 5733_u64.div_ceil(optimiser.rows_per_step() as u64);
            assert_eq!((steps, optimiser.schedule.warmup().steps(steps)), (717, 72));
        }
    }
}
