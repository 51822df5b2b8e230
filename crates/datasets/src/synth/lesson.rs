//! A small counting lesson: the rows of three stages of training, and a mistake for the later ones to mend.

use std::fs;
use std::path::Path;

use super::rows::{at, encode_png, row_json};
use super::{Example, Generator, Part, RowKind, SceneSettings, Share, Split, Style, SynthError, Task};

/// Pictures of one to nine shapes, and how many there are.
///
/// Those who answered for the first stage are right up to four objects; beyond, six in ten count one of them twice, and so
/// will the model that learns from them. The pairs of the second stage prefer the true number to one that is off by one
/// or two. The prompts of the third know the number and nothing else.
///
/// ```no_run
/// # fn main() -> Result<(), datasets::synth::SynthError> {
/// use datasets::synth::CountingLesson;
///
/// CountingLesson { supervised: 8_000, pairs: 1_000, prompts: 4_000, test: 300 }.write("data".as_ref(), 1)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountingLesson {
    /// Conversations in `sft.jsonl`.
    pub supervised: u64,
    /// Pairs of answers in `preference.jsonl`.
    pub pairs: u64,
    /// Prompts in `grpo.jsonl`.
    pub prompts: u64,
    /// Held-out prompts in `test.jsonl`: arrangements that are in none of the others.
    pub test: u64,
}

impl CountingLesson {
    /// Writes the four files below a folder, and their pictures below `images`. Gives every text, for a tokenizer.
    ///
    /// # Errors
    /// [`SynthError::Write`] names the file that cannot be written.
    pub fn write(&self, folder: &Path, seed: u64) -> Result<Vec<String>, SynthError> {
        use RowKind::{Instruction, Preference, Prompt};
        let small = SceneSettings::small();
        let colours = small.colours[..3].to_vec();
        let generator = Generator::new(SceneSettings { colours, counts: [1, 9], ..small }, seed)?;
        let images = folder.join("images");
        fs::create_dir_all(&images).map_err(at(&images))?;
        let mut texts = Vec::new();
        for (name, kind, part, rows) in [
            ("sft", Instruction, Part::Training, self.supervised),
            ("preference", Preference, Part::Training, self.pairs),
            ("grpo", Prompt, Part::Training, self.prompts),
            ("test", Prompt, Part::HeldOut, self.test),
        ] {
            let asked = [Share::new(Task::Count, Style::Sentence, 1)];
            let split = Split::new(name, part, kind, &asked, u64::MAX);
            let mut lines = String::new();
            for numbered in whole_pictures(&generator, &split).take(rows as usize) {
                let (index, mut example) = numbered?;
                texts.extend([example.question.clone(), example.answer.clone()]);
                if kind == Instruction {
                    example.answer = hasty(&example.answer, index);
                }
                let id = format!("{name}-{index}");
                let picture = format!("images/{id}.png");
                let path = folder.join(&picture);
                let png = encode_png(&example.scene).map_err(at(&path))?;
                fs::write(&path, png).map_err(at(&path))?;
                let row = row_json(&example, kind, (&id, index), &picture)?;
                lines.push_str(&format!("{row}\n"));
            }
            let file = folder.join(format!("{name}.jsonl"));
            fs::write(&file, lines).map_err(at(&file))?;
        }
        Ok(texts)
    }
}

/// The rows of a split that ask for all objects. The generator also asks for those of one shape or one colour: more than a
/// small model learns to see in a minute.
fn whole_pictures(
    generator: &Generator,
    split: &Split,
) -> impl Iterator<Item = Result<(u64, Example), SynthError>> {
    let all = (0..).map(|index| Ok((index, generator.example(split, index)?)));
    all.filter(|numbered| numbered.as_ref().map_or(true, |(_, example)| example.question.contains("objects")))
}

/// What somebody in a hurry wrote.
fn hasty(truth: &str, index: u64) -> String {
    match truth.parse::<u32>() {
        Ok(number) if number > 4 && index % 10 < 6 => (number + 1).to_string(),
        _ => truth.to_owned(),
    }
}
