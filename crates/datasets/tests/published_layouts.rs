//! Files of every layout, written by other people's libraries, mean what the script that wrote them says.

use std::path::{Path, PathBuf};

use datasets::{
    Choice, GroundTruth, ImageRef, OpenOptions, PlanStep, Record, Source, VideoRef, in_order, open,
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use vlm_processor::{Content, Message, Part};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data-fixtures/datasets")
}

fn cases() -> Vec<Value> {
    let text = std::fs::read_to_string(fixtures().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn opened(case: &Value) -> Box<dyn Source> {
    let images = case.get("images").map(|folder| fixtures().join(folder.as_str().unwrap()));
    let options = OpenOptions { images, ..OpenOptions::default() };
    open(&fixtures().join(case["path"].as_str().unwrap()), &options).unwrap_or_else(|error| panic!("{error}"))
}

fn sums(images: &[ImageRef]) -> Value {
    let sum = |image: &ImageRef| {
        let bytes = image.open().unwrap_or_else(|error| panic!("{error}"));
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    images.iter().map(sum).collect()
}

fn turns(messages: &[Message]) -> Value {
    let part = |part: &Part| match part {
        Part::Image => "[image]".to_owned(),
        Part::Video => "[video]".to_owned(),
        Part::Text(text) => text.clone(),
    };
    let turn = |message: &Message| {
        let text = match &message.content {
            Content::Text(text) => text.clone(),
            Content::Parts(parts) => parts.iter().map(part).collect(),
        };
        json!([message.role.as_str(), text])
    };
    messages.iter().map(turn).collect()
}

fn options(choices: &[Choice]) -> Value {
    let map: Map<String, Value> =
        choices.iter().map(|choice| (choice.letter.to_string(), json!(choice.text))).collect();
    map.into()
}

fn step(step: &PlanStep) -> Value {
    match step {
        PlanStep::Text(text) => json!(text),
        PlanStep::Latent(image) => sums(std::slice::from_ref(image)),
    }
}

fn clip(video: &VideoRef) -> Value {
    match video {
        VideoRef::Clip(name) => json!(name),
        VideoRef::Frames(frames) => sums(frames),
    }
}

/// What a record means, in the words of `expected.json`.
fn meaning(record: &Record) -> Value {
    let mut fields = match record {
        Record::Instruction(record) => json!({"turns": turns(&record.messages)}),
        Record::Preference(record) => json!({
            "turns": turns(&record.prompt), "chosen": turns(&record.chosen), "rejected": turns(&record.rejected),
        }),
        Record::RlPrompt(record) => {
            let truth = match &record.ground_truth {
                Some(GroundTruth::Text(text)) => json!(text),
                Some(GroundTruth::Answers(answers)) => json!(answers),
                None => Value::Null,
            };
            json!({"turns": turns(&record.prompt), "truth": truth, "task": record.task})
        }
        Record::MultipleChoice(record) => json!({
            "question": record.question, "choices": options(&record.choices), "answer": record.answer,
            "videos": record.visuals.videos.iter().map(clip).collect::<Value>(),
        }),
        Record::Vqa(record) => {
            json!({"question": record.question, "answer": record.answer, "answers": record.answers})
        }
        Record::LatentPlan(record) => json!({
            "question": record.question, "answer": record.final_answer,
            "steps": record.steps.iter().map(step).collect::<Value>(),
        }),
        Record::VideoLog(record) => json!({
            "question": record.question, "choices": options(&record.choices), "answer": record.answer,
            "log": record.log,
        }),
        other => panic!("unexpected kind {}", other.kind()),
    };
    fields["kind"] = json!(record.kind());
    fields["id"] = json!(record.id());
    fields["images"] = sums(&record.visuals().images);
    fields
}

#[test]
fn every_published_layout_is_recognised_and_read_back_exactly() {
    for case in cases() {
        let path = case["path"].as_str().unwrap();
        let source = opened(&case);
        assert_eq!(source.describe().layout.name(), case["format"].as_str().unwrap(), "{path}");
        let records: Vec<Record> =
            in_order(&*source).map(|row| row.unwrap_or_else(|error| panic!("{error}"))).collect();
        assert_eq!(records.len() as u64, source.len().unwrap(), "{path}");
        let every = case.get("step").map_or(1, |step| step.as_u64().unwrap() as usize);
        let found: Vec<Value> = records.iter().step_by(every).map(meaning).collect();
        assert_eq!(found, *case["rows"].as_array().unwrap(), "{path}");
    }
}

#[test]
fn every_layout_has_a_fixture() {
    let cases = cases();
    for layout in datasets::Layout::all() {
        assert!(cases.iter().any(|case| case["format"] == layout.name()), "no fixture of {layout}");
        assert_eq!(layout.name().parse(), Ok(layout));
    }
}

#[test]
fn rows_can_be_read_in_any_order() {
    for case in cases() {
        let source = opened(&case);
        let len = source.len().unwrap();
        let order = datasets::Permutation::new(len, &[5]);
        for position in 0..len.min(40) {
            let index = order.at(position);
            let again = opened(&case).get(index).unwrap();
            assert_eq!(meaning(&source.get(index).unwrap()), meaning(&again), "{} row {index}", case["path"]);
        }
        assert!(source.get(len).is_err_and(|error| error.is_past_end()));
        assert!(source.get(u64::MAX).is_err_and(|error| error.is_past_end()));
    }
}
