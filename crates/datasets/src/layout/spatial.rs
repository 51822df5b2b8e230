//! Data of spatial reasoning: RLHF-V, PixMo, SpatialVLM's descendants, VSR, CV-Bench.

use serde_json::Value;
use vlm_processor::{Message, Role};

use super::choices;
use super::conversation::marked_turn;
use super::sign::Sign;
use super::{Layout, Spec};
use crate::pixmo::local_picture;
use crate::raw_row::{RawRow, answer_text, filled_text, list, object, quoted, shown};
use crate::record::{GroundTruth, Instruction, MultipleChoice, Preference, Record, RlPrompt, Visuals, Vqa};
use crate::row_error::{Checked, Fault};

pub(super) const SPECS: &[Spec] = &[
    Spec {
        layout: Layout::RlhfV,
        name: "rlhf-v",
        signs: &[
            &[Sign::Any("image"), Sign::Json("text", "chosen")],
            &[Sign::Any("image"), Sign::Text("question"), Sign::Text("chosen"), Sign::Text("rejected")],
        ],
        read: rlhf_v,
    },
    Spec {
        layout: Layout::PixmoCap,
        name: "pixmo-cap",
        signs: &[&[Sign::Text("image_url"), Sign::Text("caption")]],
        read: pixmo_cap,
    },
    Spec {
        layout: Layout::PixmoPoints,
        name: "pixmo-points",
        signs: &[&[Sign::Text("image_url"), Sign::List("points"), Sign::Text("label")]],
        read: pixmo_points,
    },
    Spec {
        layout: Layout::SpatialQa,
        name: "spatial-qa",
        signs: &[&[
            Sign::OneOf(&["image", "images"]),
            Sign::OneOf(&["question", "prompt"]),
            Sign::OneOf(&["answer", "response"]),
        ]],
        read: spatial_qa,
    },
    Spec {
        layout: Layout::Vsr,
        name: "vsr",
        signs: &[&[Sign::Any("image"), Sign::Text("caption"), Sign::Any("label"), Sign::Text("relation")]],
        read: vsr,
    },
    Spec {
        layout: Layout::CvBench,
        name: "cv-bench",
        signs: &[&[
            Sign::Any("image"),
            Sign::Text("type"),
            Sign::Text("task"),
            Sign::Text("question"),
            Sign::List("choices"),
            Sign::Text("answer"),
            Sign::Text("prompt"),
        ]],
        read: cv_bench,
    },
];

fn rlhf_v(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["idx", "id"])?;
    let mut pair = match row.take("text") {
        Some(Value::String(text)) => match serde_json::from_str(&text) {
            Ok(value) => object("text", value)?,
            Err(_) => {
                return Err(Fault::unexpected(
                    "text",
                    quoted(&text),
                    "question, chosen and rejected as JSON",
                ));
            }
        },
        Some(other) => object("text", other)?,
        None => std::mem::take(&mut row.fields),
    };
    let mut part = |name: &'static str| match pair.remove(name) {
        Some(value) => filled_text(name, value),
        None => Err(Fault::missing(name, "a text")),
    };
    let (question, chosen, rejected) = (part("question")?, part("chosen")?, part("rejected")?);
    if row.fields.is_empty() {
        row.fields = pair;
    }
    let (prompt, visuals) = marked_turn(question, vec![row.image(&["image"])?])?;
    let answer = |text| vec![Message::text(Role::Assistant, text)];
    let (chosen, rejected) = (answer(chosen), answer(rejected));
    let extra = std::mem::take(&mut row.fields);
    Ok(Record::Preference(Preference { id, prompt, chosen, rejected, visuals, extra }))
}

fn pixmo_cap(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["id"])?;
    let caption = row.text("caption")?;
    let visuals = Visuals::of_images(vec![local_picture(row)?]);
    let question = visuals.user_turn("Describe this image in detail.");
    let messages = vec![question, Message::text(Role::Assistant, caption)];
    Ok(Record::Instruction(Instruction { id, messages, visuals, extra: std::mem::take(&mut row.fields) }))
}

fn pixmo_points(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["id"])?;
    let label = row.text("label")?;
    let points = list("points", row.value("points", "a list of points")?)?;
    let point = |(index, value): (usize, Value)| {
        let axis = |name| value.get(name).and_then(Value::as_f64).filter(|number| number.is_finite());
        match (axis("x"), axis("y")) {
            (Some(x), Some(y)) => Ok(serde_json::json!({"point_2d": [x, y]})),
            _ => Err(Fault::unexpected(format!("points[{index}]"), shown(&value), "numbers x and y")),
        }
    };
    let points: Vec<Value> = points.into_iter().enumerate().map(point).collect::<Checked<_>>()?;
    let visuals = Visuals::of_images(vec![local_picture(row)?]);
    let text = format!(
        "Point at every {label} in the image. Answer with a JSON list of {{\"point_2d\": [x, y]}}, in percent of width \
         and height; the list is empty if there is none."
    );
    Ok(Record::RlPrompt(RlPrompt {
        id,
        prompt: vec![visuals.user_turn(text)],
        ground_truth: Some(GroundTruth::Text(Value::Array(points).to_string())),
        task: Some("pointing".to_owned()),
        visuals,
        extra: std::mem::take(&mut row.fields),
    }))
}

fn spatial_qa(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["id", "idx", "question_id"])?;
    let question = row.text_of(&["question", "prompt"])?;
    let (field, answer) =
        row.take_first(&["answer", "response"]).ok_or_else(|| Fault::missing("answer", "a text"))?;
    let answer = answer_text(answer);
    if answer.trim().is_empty() {
        return Err(Fault::unexpected(field, "an empty text", "a text that says something"));
    }
    let task = match row.text_if_any("task_type")?.filter(|task| !task.is_empty()) {
        Some(task) => task,
        None => task_of(&question).to_owned(),
    };
    let images = row.images(&["image", "images"])?;
    let (prompt, visuals) = marked_turn(question, images)?;
    Ok(Record::RlPrompt(RlPrompt {
        id,
        prompt,
        ground_truth: Some(GroundTruth::Text(answer)),
        task: Some(task),
        visuals,
        extra: std::mem::take(&mut row.fields),
    }))
}

/// The kind of a question that does not say it.
fn task_of(question: &str) -> &'static str {
    let question = question.to_lowercase();
    if question.starts_with("how many") || question.contains("count") {
        "counting"
    } else if question.contains("how far") || question.contains("distance between") {
        "distance"
    } else {
        "spatial"
    }
}

fn vsr(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["id"])?;
    let caption = row.text("caption")?;
    let label = row.value("label", "0, 1, true or false")?;
    let truth = match &label {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => number.as_f64().and_then(flag),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            other => other.parse().ok().and_then(flag),
        },
        _ => None,
    };
    let truth = truth.ok_or_else(|| Fault::unexpected("label", shown(&label), "0, 1, true or false"))?;
    let answer = if truth { "TRUE" } else { "FALSE" }.to_owned();
    let visuals = Visuals::of_images(vec![row.image(&["image"])?]);
    let question = format!(
        "Is the following statement about the image true or false? Statement: \"{caption}\" Answer with only TRUE or \
         FALSE."
    );
    row.fields.insert("caption".to_owned(), Value::String(caption));
    let (answers, answer) = (vec![answer.clone()], Some(answer));
    Ok(Record::Vqa(Vqa { id, question, answer, answers, visuals, extra: std::mem::take(&mut row.fields) }))
}

fn flag(number: f64) -> Option<bool> {
    if number == 1.0 {
        Some(true)
    } else if number == 0.0 {
        Some(false)
    } else {
        None
    }
}

fn cv_bench(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["idx", "id"])?;
    let question = row.text("question")?;
    let prompt = Some(row.text("prompt")?);
    let choices = choices::listed("choices", row.value("choices", "a list of options")?)?;
    let answer = choices::answer_if_any("answer", row.take("answer"), &choices)?;
    let visuals = Visuals::of_images(vec![row.image(&["image"])?]);
    let extra = std::mem::take(&mut row.fields);
    Ok(Record::MultipleChoice(MultipleChoice { id, question, choices, answer, prompt, visuals, extra }))
}
