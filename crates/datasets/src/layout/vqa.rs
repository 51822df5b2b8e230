//! OK-VQA, VQAv2 and COCO captions: many answers for one image.

use std::collections::HashMap;

use serde_json::Value;

use super::sign::Sign;
use super::{Layout, Spec};
use crate::picture::ImageRef;
use crate::raw_row::{RawRow, list, shown, text, texts};
use crate::record::{Record, Visuals, Vqa};
use crate::row_error::{Checked, Fault};

pub(super) const SPECS: &[Spec] = &[
    Spec {
        layout: Layout::Vqa,
        name: "vqa",
        signs: &[
            &[Sign::Any("image"), Sign::Text("question"), Sign::List("answers")],
            &[Sign::Any("image_id"), Sign::Any("question_id"), Sign::Text("question"), Sign::List("answers")],
        ],
        read: vqa,
    },
    Spec {
        layout: Layout::CocoCaptions,
        name: "coco-captions",
        signs: &[&[Sign::Any("image"), Sign::List("captions")]],
        read: captions,
    },
];

/// The answer to learn is `multiple_choice_answer`, else the most frequent one; of equally frequent ones the first.
fn vqa(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["question_id", "id"])?;
    let question = row.text("question")?;
    let items = list("answers", row.value("answers", "the annotators' answers")?)?;
    let answers: Checked<Vec<String>> = items.into_iter().enumerate().map(answer).collect();
    let answers = answers?;
    if answers.is_empty() {
        return Err(Fault::unexpected("answers", "an empty list", "at least one answer"));
    }
    let chosen = row.text_if_any("multiple_choice_answer")?;
    let answer = chosen.or_else(|| most_frequent(&answers));
    let visuals = Visuals::of_images(vec![coco_image(row)?]);
    Ok(Record::Vqa(Vqa { id, question, answer, answers, visuals, extra: std::mem::take(&mut row.fields) }))
}

/// The row's picture: `image`, or the one that COCO gives `image_id` in the part of 2014 that the file's name says.
fn coco_image(row: &mut RawRow) -> Checked<ImageRef> {
    let file = row.place.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let part = ["train2014", "val2014", "test2015"].into_iter().find(|part| file.contains(part));
    match (part, row.fields.get("image_id").and_then(Value::as_u64)) {
        (Some(part), Some(id)) if !row.has("image") => {
            row.home.named("image_id", format!("COCO_{part}_{id:012}.jpg"))
        }
        _ => row.image(&["image"]),
    }
}

fn answer((index, value): (usize, Value)) -> Checked<String> {
    match value {
        Value::Object(mut fields) => {
            let field = format!("answers[{index}].answer");
            text(&field, fields.remove("answer").unwrap_or_default())
        }
        Value::String(text) => Ok(text),
        other => {
            Err(Fault::unexpected(format!("answers[{index}]"), shown(&other), "a text or an object with one"))
        }
    }
}

fn most_frequent(answers: &[String]) -> Option<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for answer in answers {
        *counts.entry(answer).or_default() += 1;
    }
    let best = counts.values().copied().max()?;
    answers.iter().find(|answer| counts.get(answer.as_str()) == Some(&best)).cloned()
}

fn captions(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["image_id", "id"])?;
    let answers = texts("captions", row.value("captions", "a list of captions")?)?;
    let Some(first) = answers.first().cloned() else {
        return Err(Fault::unexpected("captions", "an empty list", "at least one caption"));
    };
    let visuals = Visuals::of_images(vec![row.image(&["image"])?]);
    let question = "Describe this image.".to_owned();
    let extra = std::mem::take(&mut row.fields);
    Ok(Record::Vqa(Vqa { id, question, answer: Some(first), answers, visuals, extra }))
}
