//! Rows as files: PNG pictures and JSON lines.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use serde_json::{Value, json};

use super::{Example, Form, Generator, RowKind, Scene, Split, SynthError, Task};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file of JSON lines.
    pub file: PathBuf,
    /// How many rows it has.
    pub rows: u64,
}

/// The picture of a scene as a PNG file.
///
/// # Errors
/// As the encoder: none for a scene that a [`Generator`] drew.
pub fn encode_png(scene: &Scene) -> io::Result<Vec<u8>> {
    let mut png = Vec::new();
    let side = scene.size.unsigned_abs();
    PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::NoFilter)
        .write_image(&scene.render(), side, side, ExtendedColorType::Rgb8)
        .map_err(io::Error::other)?;
    Ok(png)
}

/// A row in the layout of its split; `image` is the picture's file.
///
/// Instructions, preferences and prompts carry chat messages; `vsr_like` and `cv_like` rows carry the fields of the
/// published sets. Every row has `meta`: the scene, the fact, the task and the style.
///
/// # Errors
/// [`SynthError::Layout`] for a layout that has no fields for the example's style.
pub fn row_json(
    example: &Example,
    kind: RowKind,
    (id, index): (&str, u64),
    image: &str,
) -> Result<Value, SynthError> {
    let Example { question, answer, rejected, .. } = example;
    let user = json!({"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]});
    let says = |text: &str| json!({"role": "assistant", "content": text});
    let mut row = match kind {
        RowKind::Instruction => json!({
            "messages": [user, says(answer)], "images": [image], "question": question, "answer": answer,
        }),
        RowKind::Preference => json!({
            "prompt": [user], "chosen": [says(answer)], "rejected": [says(rejected)], "images": [image],
        }),
        RowKind::Prompt => json!({"messages": [user], "images": [image], "ground_truth": answer}),
        RowKind::Vsr => vsr(example, image)?,
        RowKind::CvBench => cv_bench(example, index, image)?,
    };
    row["id"] = json!(id);
    row["task_type"] = json!(example.task.task_type());
    row["meta"] = json!({
        "task": example.task, "style": example.style, "scene": example.scene, "fact": example.fact,
    });
    Ok(row)
}

fn vsr(example: &Example, image: &str) -> Result<Value, SynthError> {
    let Form::Caption { caption, said, holds } = &example.form else {
        return Err(SynthError::Layout { layout: "VSR", found: example.style.name(), expected: "truefalse" });
    };
    let (label, relation) = (i32::from(*holds), said.phrase());
    Ok(json!({"image": image, "image_link": "", "caption": caption, "label": label, "relation": relation}))
}

fn cv_bench(example: &Example, index: u64, image: &str) -> Result<Value, SynthError> {
    let Form::Choices { stem, choices, .. } = &example.form else {
        return Err(SynthError::Layout {
            layout: "CV-Bench",
            found: example.style.name(),
            expected: "choice",
        });
    };
    let (dimension, task, source) = match example.task {
        Task::Count => ("2D", "Count", if index.is_multiple_of(2) { "ADE20K" } else { "COCO" }),
        Task::Relation => ("2D", "Relation", if index.is_multiple_of(2) { "ADE20K" } else { "COCO" }),
        Task::Closer => ("3D", "Distance", "Omni3D"),
        _ => ("3D", "Depth", "Omni3D"),
    };
    Ok(json!({
        "idx": index, "type": dimension, "task": task, "source": source, "source_dataset": "synthetic",
        "image": image, "filename": image, "source_filename": image,
        "question": stem, "choices": choices, "prompt": example.question, "answer": example.answer,
    }))
}

/// Writes a split below a folder: `NAME.jsonl`, and its pictures as `images/NAME_I.png`.
///
/// The file of rows appears under its name only when all rows are in it, and never in place of another.
///
/// # Errors
/// As [`Generator::example`]; [`SynthError::Write`] names the file that cannot be written, [`SynthError::Occupied`] the
/// one that is there already.
pub fn write(generator: &Generator, split: &Split, folder: &Path) -> Result<Written, SynthError> {
    let file = folder.join(format!("{}.jsonl", split.name));
    if file.exists() {
        return Err(SynthError::Occupied { path: file });
    }
    let images = folder.join("images");
    fs::create_dir_all(&images).map_err(at(&images))?;
    let unfinished = folder.join(format!("{}.jsonl.part", split.name));
    let mut lines = BufWriter::new(File::create(&unfinished).map_err(at(&unfinished))?);
    for index in 0..split.rows {
        let example = generator.example(split, index)?;
        let id = format!("{}_{index}", split.name);
        let image = format!("images/{id}.png");
        let path = folder.join(&image);
        let png = encode_png(&example.scene).map_err(at(&path))?;
        fs::write(&path, png).map_err(at(&path))?;
        let row = row_json(&example, split.kind, (&id, index), &image)?;
        writeln!(lines, "{row}").map_err(at(&unfinished))?;
    }
    lines.flush().map_err(at(&unfinished))?;
    fs::rename(&unfinished, &file).map_err(at(&file))?;
    Ok(Written { file, rows: split.rows })
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> SynthError {
    let path = path.to_owned();
    move |source| SynthError::Write { path, source }
}
