//! Rows as MAYE's files have them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use serde_json::{Value, json};

use super::canvas::SIDE;
use super::drawing::draw;
use super::numbers::Numbers;
use super::{Kind, Numerals, Split, Toy, ToySettings, Working};
use crate::synth::{Draws, SynthError};

/// A problem with its picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What is asked for.
    pub kind: Kind,
    /// The numbers of the picture.
    pub numbers: Vec<u32>,
    /// The question, without the mark of its picture.
    pub question: String,
    /// The answer.
    pub answer: u32,
    /// The answer in a box, working before it where it is shown.
    pub solution: String,
    /// The row's name.
    pub id: String,
    /// 224 by 224 pixels, RGB.
    pub pixels: Vec<u8>,
}

impl Row {
    pub(super) fn new(
        kind: Kind,
        Numbers { shown, answer }: Numbers,
        split: Split,
        index: u64,
        settings: &ToySettings,
        mut draws: Draws,
    ) -> Self {
        // Which comes first says nothing, but where the kind gives the two numbers different parts.
        let swapped = draws.below(2) == 1 && !matches!(kind, Kind::Leg | Kind::Square);
        let shown = if swapped { [shown[1], shown[0]] } else { shown };
        let question = match settings.numbers {
            Numerals::Drawn => kind.question().to_owned(),
            Numerals::InText => format!("{} {}", kind.said(shown), kind.question()),
        };
        let shows = match settings.working {
            Working::Hidden => false,
            Working::Shown => true,
            Working::Percent(share) => draws.below(100) < share,
        };
        let working = if shows { kind.working(shown, answer) + "\n" } else { String::new() };
        Self {
            kind,
            numbers: shown.into_iter().filter(|number| *number > 0).collect(),
            question,
            answer,
            solution: format!("{working}\\boxed{{{answer}}}"),
            id: format!("toy_{}_{index}", split.name()),
            pixels: draw(kind, shown, answer, &mut draws),
        }
    }

    /// The picture as a PNG file.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        let mut png = Vec::new();
        PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::NoFilter)
            .write_image(&self.pixels, SIDE.unsigned_abs(), SIDE.unsigned_abs(), ExtendedColorType::Rgb8)
            .map_err(io::Error::other)?;
        Ok(png)
    }

    /// The line of the file; `image` is the picture's path.
    pub fn json(&self, image: &str) -> Value {
        json!({
            "question": format!("<image>{}", self.question), "answer": self.answer.to_string(),
            "solution": self.solution, "id": self.id, "image": image,
        })
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The file of JSON lines.
    pub file: PathBuf,
    /// Every text in it, for a tokenizer that is made for the set.
    pub texts: Vec<String>,
}

/// Writes the first rows of a split to `FILE`, and their pictures as `img/STEM/I.png` beside it. The file appears under its
/// name only when all rows are in it.
pub fn write(toy: &Toy, split: Split, rows: u64, file: &Path) -> Result<Drawn, SynthError> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let images = folder.join("img").join(&*stem);
    fs::create_dir_all(&images).map_err(at(&images))?;
    let unfinished = file.with_extension("jsonl.part");
    let mut lines = BufWriter::new(File::create(&unfinished).map_err(at(&unfinished))?);
    let mut texts = Vec::new();
    for index in 0..rows {
        let row = toy.row(split, index);
        let image = format!("img/{stem}/{index}.png");
        let path = folder.join(&image);
        fs::write(&path, row.png().map_err(at(&path))?).map_err(at(&path))?;
        writeln!(lines, "{}", row.json(&image)).map_err(at(&unfinished))?;
        texts.extend([row.question, row.solution]);
    }
    lines.flush().map_err(at(&unfinished))?;
    fs::rename(&unfinished, file).map_err(at(file))?;
    Ok(Drawn { file: file.to_owned(), texts })
}

fn at(path: &Path) -> impl Fn(io::Error) -> SynthError + '_ {
    |source| SynthError::Write { path: path.to_owned(), source }
}
