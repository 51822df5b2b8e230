//! Wrong answers with their pictures, for the report.

use std::fs;
use std::path::Path;

use journal::WrongSample;
use vlm_processor::{ImageLimits, decode_image};

use crate::prediction::Prediction;
use crate::question::Question;

/// The folder of the pictures, in the result folder.
const FOLDER: &str = "wrong";
/// Bytes of a picture that is kept.
const MAX_BYTES: usize = 4 << 20;
/// Pictures of one answer that are kept.
const PER_ANSWER: usize = 4;

/// The first wrong answers. Their pictures are copied below `out_dir`; one that cannot be copied is left out, since a report
/// is worth more than a picture in it.
pub(super) fn wrong_answers(
    questions: &[Question],
    predictions: &[Prediction],
    out_dir: &Path,
    limit: usize,
) -> Vec<WrongSample> {
    let wrong = questions.iter().zip(predictions).filter(|(_, p)| !p.is_solved()).take(limit).enumerate();
    let one = |(at, (question, prediction)): (usize, (&Question, &Prediction))| WrongSample {
        prompt: prediction.prompt.clone(),
        images: pictures(at, question, out_dir),
        completion: prediction
            .responses
            .first()
            .map(|r| r.text.clone())
            .or_else(|| prediction.error.clone())
            .unwrap_or_default(),
        expected: prediction.key.to_string(),
    };
    wrong.map(one).collect()
}

fn pictures(at: usize, question: &Question, out_dir: &Path) -> Vec<String> {
    let copy = |(index, image): (usize, &datasets::ImageRef)| {
        let bytes = image.open().ok().filter(|bytes| bytes.len() <= MAX_BYTES)?;
        decode_image(&bytes, &ImageLimits::default()).ok()?;
        let name = format!("{FOLDER}/{at:03}-{index}.{}", ending(&bytes));
        fs::create_dir_all(out_dir.join(FOLDER)).ok()?;
        fs::write(out_dir.join(&name), bytes).ok()?;
        Some(name)
    };
    question.visuals.images.iter().take(PER_ANSWER).enumerate().filter_map(copy).collect()
}

fn ending(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, ..] => "png",
        [b'R', ..] => "webp",
        _ => "jpg",
    }
}
