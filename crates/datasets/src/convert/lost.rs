//! What of a record a layout has no place for.

use serde_json::Value;

use super::OutLayout;
use crate::record::{GroundTruth, Record};

/// Fields in which rows name their kind of question and their right answer: they are written under the layout's names.
const WRITTEN_OTHERWISE: [&str; 5] = ["task_type", "ground_truth", "solution", "answer", "label"];

/// Everything that reading the written row would not give back.
pub(super) fn of(record: &Record, layout: OutLayout) -> Vec<String> {
    let task = record.task();
    let is_task = |value: &Value| task.is_some() && value.as_str() == task.as_deref();
    let written = |name: &str, value: &Value| is_task(value) || WRITTEN_OTHERWISE.contains(&name);
    let extra = record.extra().iter().filter(|(name, value)| !value.is_null() && !written(name, value));
    let mut lost: Vec<String> = extra.map(|(name, _)| format!("`{name}`")).collect();
    if matches!(record, Record::Preference(_)) && layout != OutLayout::Preference {
        lost.push("the worse answer".into());
    }
    if has_several_answers(record) {
        lost.push(match layout {
            OutLayout::Prompt | OutLayout::EasyR1 => "annotators as such: their answers are one text".into(),
            _ => "all answers but one".into(),
        });
    }
    if !record.visuals().videos.is_empty() {
        lost.push("files of videos: their names stay as they are".into());
    }
    lost
}

fn has_several_answers(record: &Record) -> bool {
    match record {
        Record::Vqa(question) => question.answers.len() > 1,
        Record::RlPrompt(prompt) => {
            matches!(&prompt.ground_truth, Some(GroundTruth::Answers(answers)) if answers.len() > 1)
        }
        _ => false,
    }
}
