//! What the demo learns from: pictures of shapes, questions about them, and two kinds of annotators.

use datasets::synth::{
    Colour, Example, Generator, Part, RowKind, SceneSettings, Share, Split, Style, Task, encode_png,
};
use serde_json::{Value, json};
use std::io;
use std::path::Path;

/// Rows of each file.
pub struct Rows {
    /// Conversations.
    pub supervised: u64,
    /// Pairs of answers.
    pub pairs: u64,
    /// Prompts to practise with.
    pub prompts: u64,
    /// Held-out questions.
    pub test: u64,
}

/// Writes `sft.jsonl`, `pairs.jsonl`, `prompts.jsonl` and `test.jsonl` with their pictures; the arrangements of the
/// last are none of the others'. Returns every text, for the tokenizer.
pub fn write(dir: &Path, rows: &Rows, seed: u64) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let colours = vec![Colour::Red, Colour::Blue, Colour::Yellow];
    let generator =
        Generator::new(SceneSettings { colours, objects: [2, 2], ..SceneSettings::small() }, seed)?;
    std::fs::create_dir_all(dir.join("images"))?;
    let mut texts = Vec::new();
    for (name, part, count, line) in [
        ("sft", Part::Training, rows.supervised, conversation as Line),
        ("pairs", Part::Training, rows.pairs, pair),
        ("prompts", Part::Training, rows.prompts, prompt),
        ("test", Part::HeldOut, rows.test, prompt),
    ] {
        let asked = [Share::new(Task::Relation, Style::Steps, 1)];
        let split = Split::new(name, part, RowKind::Prompt, &asked, count);
        let mut file = String::new();
        for index in 0..count {
            let example = generator.example(&split, index)?;
            let id = format!("{name}-{index}");
            let picture = format!("images/{id}.png");
            std::fs::write(dir.join(&picture), encode_png(&example.scene)?)?;
            let mut row = line(&Question::of(&example)?, index);
            row["id"] = json!(id);
            row["images"] = json!([picture]);
            file.push_str(&row.to_string());
            file.push('\n');
            texts.extend([example.question, careful(&example.answer).replace(['<', '>', '/'], " ")]);
        }
        std::fs::write(dir.join(format!("{name}.jsonl")), file)?;
    }
    Ok(texts)
}

type Line = fn(&Question, u64) -> Value;

struct Question {
    user: Value,
    careful: String,
    word: String,
}

impl Question {
    fn of(example: &Example) -> io::Result<Self> {
        let word = example.answer.rsplit("<answer>").next().and_then(|end| end.strip_suffix("</answer>"));
        let word = word.ok_or_else(|| io::Error::other("a scene's answer has no answer part"))?.to_owned();
        let text = json!({"type": "text", "text": example.question});
        Ok(Self {
            user: json!({"role": "user", "content": [{"type": "image"}, text]}),
            careful: careful(&example.answer),
            word,
        })
    }

    fn is_vertical(&self) -> bool {
        matches!(self.word.as_str(), "above" | "below")
    }

    /// An answer without looking: right every other time.
    fn guess(&self, turn: u64) -> String {
        let word = match (self.word.as_str(), turn.is_multiple_of(2)) {
            (word, true) => word,
            ("left", _) => "right",
            ("right", _) => "left",
            ("above", _) => "below",
            (_, _) => "above",
        };
        format!("<answer> {word}</answer>")
    }
}

/// With a space after each mark, so that a word is the same token in question and answer.
fn careful(answer: &str) -> String {
    answer.replace("<think>", "<think> ").replace("<answer>", "<answer> ")
}

fn says(text: &str) -> Value {
    json!({"role": "assistant", "content": text})
}

/// Careful annotators write down where things are before they answer; hasty ones answer at once, and only guess.
/// Questions about above and below went mostly to careful ones, those about left and right to hasty ones.
fn conversation(question: &Question, index: u64) -> Value {
    let careful = if question.is_vertical() { 9 } else { 4 };
    let answer = if index % 10 < careful { question.careful.clone() } else { question.guess(index / 10) };
    json!({"messages": [question.user, says(&answer)]})
}

/// The careful answer is the better one.
fn pair(question: &Question, index: u64) -> Value {
    json!({"prompt": [question.user], "chosen": [says(&question.careful)], "rejected": [says(&question.guess(index))]})
}

fn prompt(question: &Question, _: u64) -> Value {
    json!({"prompt": [question.user], "ground_truth": question.word})
}
