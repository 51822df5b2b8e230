//! CoMT: answers in which text and pictures alternate.

use serde_json::Value;

use super::sign::Sign;
use super::{Layout, Spec};
use crate::raw_row::{RawRow, answer_text, list, object, text};
use crate::record::{LatentPlan, PlanStep, Record, Visuals};
use crate::row_error::{Checked, Fault};

pub(super) const SPECS: &[Spec] = &[
    Spec {
        layout: Layout::Comt,
        name: "comt",
        signs: &[&[Sign::Text("text_input"), Sign::List("sequence_plan")]],
        read: plan,
    },
    Spec {
        layout: Layout::ComtPairs,
        name: "comt-pairs",
        signs: &[&[Sign::Text("text_input"), Sign::Any("image_output"), Sign::Text("text_output")]],
        read: pair,
    },
];

fn plan(row: &mut RawRow) -> Checked<Record> {
    let items = list("sequence_plan", row.value("sequence_plan", "a list of steps")?)?;
    let step = |(index, value)| step(row, &format!("sequence_plan[{index}]"), value);
    let steps: Checked<Vec<PlanStep>> = items.into_iter().enumerate().map(step).collect();
    record(row, steps?)
}

fn step(row: &RawRow, field: &str, value: Value) -> Checked<PlanStep> {
    let mut fields = object(field, value)?;
    let kind = text(&format!("{field}.type"), fields.remove("type").unwrap_or_default())?;
    let (key, expected) = match kind.as_str() {
        "text" => ("content", "a text"),
        "latent" => ("helper_image", "the picture to imagine"),
        other => {
            return Err(Fault::unexpected(
                format!("{field}.type"),
                format!("{other:?}"),
                "\"text\" or \"latent\"",
            ));
        }
    };
    let place = format!("{field}.{key}");
    let value = fields.remove(key).filter(|value| !value.is_null());
    let value = value.ok_or_else(|| Fault::missing(place.clone(), expected))?;
    if kind == "text" {
        return text(&place, value).map(PlanStep::Text);
    }
    row.home.picture(&place, value).map(PlanStep::Latent)
}

fn pair(row: &mut RawRow) -> Checked<Record> {
    let image = row.image(&["image_output"])?;
    let text = row.text("text_output")?;
    record(row, vec![PlanStep::Latent(image), PlanStep::Text(text)])
}

fn record(row: &mut RawRow, steps: Vec<PlanStep>) -> Checked<Record> {
    if steps.is_empty() {
        return Err(Fault::unexpected("sequence_plan", "an empty list", "at least one step"));
    }
    let id = row.id(&["id"])?;
    let question = row.text("text_input")?;
    let visuals = Visuals::of_images(row.images(&["image_input"])?);
    let final_answer = row.take("original_final_answer").map(answer_text);
    let extra = std::mem::take(&mut row.fields);
    Ok(Record::LatentPlan(LatentPlan { id, question, steps, final_answer, visuals, extra }))
}
