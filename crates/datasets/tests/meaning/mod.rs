//! Records in the words of `data-fixtures/datasets/expected.json`.

use datasets::{Choice, GroundTruth, ImageRef, PlanStep, Record, VideoRef};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use vlm_processor::{Content, Message, Part};

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
pub fn meaning(record: &Record) -> Value {
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
