//! Judges a file of answers on one thread, times it and prints one JSON object.
//!
//! ```text
//! cargo run --release -p rewards --example judge -- --kind math --input pairs.jsonl --repeat 3
//! ```
//!
//! Each line of the input is an object with a `prediction` and, except for `think-format`, its `gold` answer; other fields are
//! left alone. The first pass over the file gives the verdicts and is not timed; `seconds` has one number per repeat.

use std::hint::black_box;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Instant;

use rewards::{ChoiceAccuracy, Group, Layout, Outcome, RewardFn, Sample, ThinkAnswerFormat, math_equal};
use serde::{Deserialize, Serialize};

/// What is judged.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Math,
    Choice,
    ThinkFormat,
}

impl FromStr for Kind {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        match text {
            "math" => Ok(Self::Math),
            "choice" => Ok(Self::Choice),
            "think-format" => Ok(Self::ThinkFormat),
            _ => Err(Failure::Usage(format!("--kind is math, choice or think-format, not {text:?}"))),
        }
    }
}

/// Why nothing was judged.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}; usage: judge --kind math|choice|think-format --input FILE [--repeat N]")]
    Usage(String),
    #[error("{}: {source}", path.display())]
    Input { path: PathBuf, source: io::Error },
    #[error("line {line}: {message}")]
    Line { line: usize, message: String },
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

/// The command line.
struct Arguments {
    kind: Kind,
    input: PathBuf,
    repeat: usize,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let (mut kind, mut input, mut repeat) = (None, None, 3);
        while let Some(flag) = words.next() {
            let value = words.next().ok_or_else(|| Failure::Usage(format!("{flag} needs a value")))?;
            match flag.as_str() {
                "--kind" => kind = Some(value.parse()?),
                "--input" => input = Some(PathBuf::from(value)),
                "--repeat" => repeat = value.parse().map_err(|e| Failure::Usage(format!("--repeat: {e}")))?,
                _ => return Err(Failure::Usage(format!("there is no option {flag:?}"))),
            }
        }
        let missing = |name: &str| Failure::Usage(format!("{name} is missing"));
        let kind = kind.ok_or_else(|| missing("--kind"))?;
        Ok(Self { kind, input: input.ok_or_else(|| missing("--input"))?, repeat })
    }
}

/// One line of the input.
#[derive(Deserialize)]
struct Pair {
    prediction: String,
    gold: Option<String>,
}

/// Everything a pass needs, ready before the clock starts.
enum Judge {
    Math(Vec<(String, String)>),
    Choice(ChoiceAccuracy, Vec<(String, char)>),
    Format(ThinkAnswerFormat, Group),
}

impl Judge {
    fn new(kind: Kind, text: &str) -> Result<Self, Failure> {
        Ok(match kind {
            Kind::Math => Self::Math(read(text, |pair| Ok((pair.prediction, gold(pair.gold)?)))?),
            Kind::Choice => {
                let pairs = read(text, |pair| Ok((pair.prediction, letter(pair.gold)?)))?;
                Self::Choice(ChoiceAccuracy::default(), pairs)
            }
            Kind::ThinkFormat => {
                let texts = read(text, |pair| Ok(pair.prediction))?;
                let format = ThinkAnswerFormat::new(Layout::LeadingThink);
                Self::Format(format, Group::of_texts(Sample::default(), texts))
            }
        })
    }

    /// One outcome per line. Gold answers are read anew for every pair, as the peers do.
    fn judge(&self) -> Vec<Outcome> {
        match self {
            Self::Math(pairs) => pairs.iter().map(|(reply, gold)| math_equal(reply, gold)).collect(),
            Self::Choice(choice, pairs) => {
                pairs.iter().map(|(reply, gold)| choice.score(reply, *gold)).collect()
            }
            Self::Format(format, group) => format.judge(group),
        }
    }
}

/// What is printed.
#[derive(Serialize)]
struct Report {
    kind: Kind,
    judgements: usize,
    seconds: Vec<f64>,
    verdicts: Vec<bool>,
}

fn gold(gold: Option<String>) -> Result<String, String> {
    gold.ok_or_else(|| "has no \"gold\" answer".to_owned())
}

fn letter(text: Option<String>) -> Result<char, String> {
    let text = gold(text)?;
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_ascii_alphabetic() => Ok(letter),
        _ => Err(format!("the gold answer is one letter, not {text:?}")),
    }
}

fn read<T>(text: &str, item: impl Fn(Pair) -> Result<T, String>) -> Result<Vec<T>, Failure> {
    let parse = |(index, line): (usize, &str)| {
        let pair = serde_json::from_str(line).map_err(|error| error.to_string());
        pair.and_then(&item).map_err(|message| Failure::Line { line: index + 1, message })
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.input;
    let text =
        std::fs::read_to_string(path).map_err(|source| Failure::Input { path: path.clone(), source })?;
    let judge = Judge::new(arguments.kind, &text)?;
    let verdicts: Vec<bool> = judge.judge().iter().map(|outcome| outcome.value() == Some(1.0)).collect();
    let timed = |_| {
        let start = Instant::now();
        black_box(black_box(&judge).judge());
        start.elapsed().as_secs_f64()
    };
    let seconds = (0..arguments.repeat).map(timed).collect();
    let report = Report { kind: arguments.kind, judgements: verdicts.len(), seconds, verdicts };
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, &report).map_err(io::Error::from)?;
    writeln!(stdout)?;
    Ok(())
}

fn main() -> ExitCode {
    match Arguments::read(std::env::args().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nothing is left to do when standard error is closed too.
            let _ = writeln!(io::stderr(), "judge: {failure}");
            ExitCode::FAILURE
        }
    }
}
