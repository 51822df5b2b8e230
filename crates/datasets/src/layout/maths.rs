//! Verifiable problems: MAYE and its sources, EasyR1, ViRL39K, grounding.

use serde_json::Value;

use super::conversation::marked_turn;
use super::sign::Sign;
use super::{Layout, Spec};
use crate::raw_row::{RawRow, answer_text, quoted, text};
use crate::record::{GroundTruth, Record, RlPrompt};
use crate::row_error::{Checked, Fault};

pub(super) const SPECS: &[Spec] = &[
    Spec {
        layout: Layout::EasyR1,
        name: "easyr1",
        signs: &[&[Sign::Text("problem"), Sign::Any("answer")]],
        read: easy_r1,
    },
    Spec {
        layout: Layout::Maye,
        name: "maye",
        signs: &[&[
            Sign::Text("question"),
            Sign::Any("answer"),
            Sign::Text("solution"),
            Sign::Any("id"),
            Sign::OneOf(&["image", "images"]),
        ]],
        read: maye,
    },
    Spec {
        layout: Layout::MmMath,
        name: "mm-math",
        signs: &[&[Sign::Text("question"), Sign::Text("solution"), Sign::Any("file_name")]],
        read: mm_math,
    },
    Spec {
        layout: Layout::MathVerse,
        name: "mathverse",
        signs: &[&[
            Sign::Any("sample_index"),
            Sign::Any("problem_version"),
            Sign::Text("question"),
            Sign::Any("answer"),
            Sign::Any("image"),
        ]],
        read: mathverse,
    },
    Spec {
        layout: Layout::Virl39k,
        name: "virl39k",
        signs: &[&[Sign::Text("question"), Sign::Any("answer"), Sign::Any("qid"), Sign::Any("image")]],
        read: virl39k,
    },
    Spec {
        layout: Layout::Grounding,
        name: "grounding",
        signs: &[&[Sign::Text("problem"), Sign::JsonList("solution"), Sign::OneOf(&["image", "images"])]],
        read: grounding,
    },
];

fn prompt(
    row: &mut RawRow,
    id: String,
    question: String,
    truth: String,
    task: Option<String>,
) -> Checked<Record> {
    let images = row.images(&["images", "image"])?;
    let (prompt, visuals) = marked_turn(question, images)?;
    let extra = std::mem::take(&mut row.fields);
    let ground_truth = Some(GroundTruth::Text(truth));
    Ok(Record::RlPrompt(RlPrompt { id, prompt, ground_truth, task, visuals, extra }))
}

fn filled_answer(row: &mut RawRow) -> Checked<String> {
    let answer = answer_text(row.value("answer", "the right answer")?);
    if answer.trim().is_empty() {
        return Err(Fault::unexpected("answer", "an empty text", "the right answer"));
    }
    Ok(answer)
}

fn easy_r1(row: &mut RawRow) -> Checked<Record> {
    let (id, problem, answer) = (row.id(&["id", "idx"])?, row.text("problem")?, filled_answer(row)?);
    let task = row.fields.get("task_type").and_then(Value::as_str).map(str::to_owned);
    prompt(row, id, problem, answer, task)
}

/// The gold is the solution where it boxes an answer, else the answer; both stay in `extra`.
fn maye(row: &mut RawRow) -> Checked<Record> {
    let (id, question) = (row.id(&["id"])?, row.text("question")?);
    let solution = row.fields.get("solution").and_then(Value::as_str).unwrap_or_default();
    let answer = row.fields.get("answer").filter(|answer| !answer.is_null()).cloned().map(answer_text);
    let truth = match answer {
        _ if solution.contains("\\boxed") => solution.to_owned(),
        Some(answer) if !answer.trim().is_empty() => answer,
        _ => {
            let found = format!("{} beside an empty answer", quoted(solution));
            return Err(Fault::unexpected("solution", found, "an answer, or a solution with \\boxed{…}"));
        }
    };
    let images = row.images(&["image", "images"])?;
    if images.len() != 1 {
        return Err(Fault::unexpected("image", format!("{} pictures", images.len()), "exactly one"));
    }
    let (prompt, visuals) = marked_turn(question, images)?;
    let extra = std::mem::take(&mut row.fields);
    let ground_truth = Some(GroundTruth::Text(truth));
    Ok(Record::RlPrompt(RlPrompt { id, prompt, ground_truth, task: None, visuals, extra }))
}

fn mm_math(row: &mut RawRow) -> Checked<Record> {
    let question = row.text("question")?;
    let solution = row.fields.get("solution").and_then(Value::as_str).unwrap_or_default();
    let Some(answer) = boxed(solution).map(str::to_owned) else {
        return Err(Fault::unexpected("solution", quoted(solution), "a solution with \\boxed{…}"));
    };
    let name = row.value("file_name", "the picture's file")?;
    let id = row.id(&["id"])?;
    row.fields.insert("image".to_owned(), name);
    prompt(row, id, question, answer, None)
}

fn mathverse(row: &mut RawRow) -> Checked<Record> {
    let (id, question, answer) = (row.id(&["sample_index"])?, row.text("question")?, filled_answer(row)?);
    let task = row.fields.get("question_type").and_then(Value::as_str).map(str::to_owned);
    prompt(row, id, question, answer, task)
}

fn virl39k(row: &mut RawRow) -> Checked<Record> {
    let (id, question) = (row.id(&["qid"])?, row.text("question")?);
    let answer = text("answer", row.value("answer", "a text with \\boxed{…}")?)?;
    let gold = boxed(&answer).map(str::to_owned);
    let gold = gold.ok_or_else(|| Fault::unexpected("answer", quoted(&answer), "a text with \\boxed{…}"))?;
    let task = row.fields.get("category").and_then(Value::as_str).map(str::to_owned);
    prompt(row, id, question, gold, task)
}

fn grounding(row: &mut RawRow) -> Checked<Record> {
    let (id, problem, solution) = (row.id(&["id"])?, row.text("problem")?, row.text("solution")?);
    if !serde_json::from_str::<Value>(&solution).is_ok_and(|value| value.is_array()) {
        return Err(Fault::unexpected("solution", quoted(&solution), "a JSON list of boxes and points"));
    }
    prompt(row, id, problem, solution, Some("grounding".to_owned()))
}

/// The content of the last `\boxed{…}` whose braces balance.
fn boxed(text: &str) -> Option<&str> {
    text.rmatch_indices("\\boxed{").find_map(|(at, mark)| {
        let inner = &text[at + mark.len()..];
        let mut depth = 1_usize;
        for (index, byte) in inner.bytes().enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(&inner[..index]);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::boxed;

    #[test]
    fn the_last_balanced_box_counts() {
        assert_eq!(boxed(r"first \boxed{3}, so \boxed{\frac{1}{2}}."), Some(r"\frac{1}{2}"));
        assert_eq!(boxed(r"\boxed{4} and \boxed{3"), Some("4"));
        assert_eq!(boxed(r"\boxed{}"), Some(""));
        assert_eq!(boxed("none"), None);
    }
}
