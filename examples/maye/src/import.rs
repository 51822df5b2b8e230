//! `maye import`: rows of public data sets in the layout of this system.

use crate::args::{ImportArgs, Origin};
use command_line::{Outcome, progress, replace_file};
use datasets::{GroundTruth, ImageRef, OpenOptions, Record, RlPrompt, in_order, open};
use image::ImageFormat;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use vlm_processor::Message;

/// Rows that were left out, by reason.
#[derive(Default)]
struct LeftOut {
    unreadable: u64,
    not_a_number: u64,
    other_form: u64,
}

impl Origin {
    fn format(self) -> &'static str {
        match self {
            Self::Geometry3k => "easyr1",
            Self::MmMath => "mm-math",
            Self::MathVerse => "mathverse",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Geometry3k => "geometry3k",
            Self::MmMath => "mm_math",
            Self::MathVerse => "mathverse",
        }
    }
}

/// Runs the command.
pub fn run(args: &ImportArgs) -> Outcome {
    let options = OpenOptions {
        format: args.from.format().parse()?,
        images: args.images.clone(),
        ..OpenOptions::default()
    };
    let source = open(&args.source, &options)?;
    let stem = args.out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let home = args.out.parent().unwrap_or(Path::new("")).to_owned();
    std::fs::create_dir_all(home.join("img").join(&stem))?;
    let bar = progress::rows(source.len()?, 0);
    let (mut lines, mut left_out, mut written) = (String::new(), LeftOut::default(), 0_u64);
    for (index, row) in in_order(&*source).enumerate() {
        bar.inc(1);
        let row = match row {
            Ok(Record::RlPrompt(row)) => row,
            Ok(_) => continue,
            Err(error) => {
                bar.suspend(|| eprintln!("left out: {error}"));
                left_out.unreadable += 1;
                continue;
            }
        };
        let Some(mut line) = numeric(args.from, &row, &mut left_out) else { continue };
        let id = if row.id.is_empty() { format!("{}_{index}", args.from.name()) } else { row.id.clone() };
        line["id"] = json!(id);
        line["image"] = json!(picture(&row, &home, &format!("img/{stem}/{index}"))?);
        let _ = writeln!(lines, "{line}");
        written += 1;
    }
    bar.finish_and_clear();
    replace_file(&args.out, lines.as_bytes())?;
    let LeftOut { unreadable, not_a_number, other_form } = left_out;
    command_line::say(&format!(
        "{}: {written} rows; left out {not_a_number} whose answer is no single number, {other_form} that are not free-form, \
         {unreadable} that cannot be read",
        args.out.display()
    ))
}

/// Question, answer and solution of a row whose answer is one number.
fn numeric(from: Origin, row: &RlPrompt, left_out: &mut LeftOut) -> Option<Value> {
    if from == Origin::MathVerse && row.task.as_deref() != Some("free-form") {
        left_out.other_form += 1;
        return None;
    }
    let Some(GroundTruth::Text(answer)) = &row.ground_truth else { return None };
    if from != Origin::Geometry3k && !is_number(answer) {
        left_out.not_a_number += 1;
        return None;
    }
    let question: String = row.prompt.iter().map(Message::said).collect();
    let worked = row.extra.get("solution").and_then(Value::as_str).filter(|text| text.contains("\\boxed"));
    let solution = worked.map_or_else(|| format!("\\boxed{{{answer}}}"), str::to_owned);
    Some(
        json!({"question": format!("<image>{}", question.trim_start()), "answer": answer, "solution": solution}),
    )
}

/// Copies the picture of a row, as it is.
fn picture(row: &RlPrompt, home: &Path, name: &str) -> Result<String, Box<dyn std::error::Error>> {
    let picture: &ImageRef =
        row.visuals.images.first().ok_or_else(|| format!("row {:?}: no picture", row.id))?;
    let bytes = picture.open()?;
    let extension = match image::guess_format(&bytes) {
        Ok(ImageFormat::Jpeg) => "jpg",
        Ok(ImageFormat::WebP) => "webp",
        _ => "png",
    };
    let name = format!("{name}.{extension}");
    let path = home.join(&name);
    std::fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(name)
}

/// Whether an answer is one number: whole, decimal, a fraction; with thousands marks, a unit of angle or a percent sign.
fn is_number(answer: &str) -> bool {
    let mut text = answer.replace([' ', '$', ','], "").replace("\\dfrac", "\\frac");
    for unit in ["^{\\circ}", "^\\circ", "°", "\\%", "%"] {
        text = text.strip_suffix(unit).unwrap_or(&text).to_owned();
    }
    let plain = |text: &str| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && digits.parse::<f64>().is_ok_and(f64::is_finite)
    };
    let fraction = text.strip_prefix("\\frac{").and_then(|rest| rest.strip_suffix('}')?.split_once("}{"));
    match fraction.or_else(|| text.split_once('/')) {
        Some((above, below)) => plain(above) && plain(below),
        None => plain(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::is_number;

    #[test]
    fn one_number_is_told_from_other_answers() {
        for yes in ["13", "-2.5", "30^\\circ", "1,234", "\\frac{1}{2}", "3/4", " 70° ", "50\\%", ".5"] {
            assert!(is_number(yes), "{yes}");
        }
        for no in
            ["", "A", "2\\sqrt{3}", "x=4", "1 or 2", "(1,2)", "nan", "inf", "\\pi", "1e", "12\\text{cm}"]
        {
            assert!(!is_number(no), "{no}");
        }
    }
}
