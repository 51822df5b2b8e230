//! One kind of record as another, where that makes sense.

use std::fmt::Write;

use thiserror::Error;
use vlm_processor::{Content, Message, Part, Role};

use super::{
    Choice, GroundTruth, Instruction, LatentPlan, MultipleChoice, Preference, Record, RlPrompt, VideoLog, Vqa,
};

/// A record that cannot serve as the wanted kind.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("row {id:?}: found a record of the kind {found}, expected one that can serve as {wanted}: {reason}")]
pub struct Unfit {
    /// The row's name.
    pub id: String,
    /// The kind it is.
    pub found: &'static str,
    /// The kind that was asked for.
    pub wanted: &'static str,
    /// Why it cannot be that.
    pub reason: &'static str,
}

const LATENT: &str = "its assistant turn holds pictures to imagine, which text cannot carry";
const UNANSWERED: &str = "its answer is kept back";
const NO_PAIR: &str = "it has no second, worse answer";

impl Record {
    /// The record as a conversation to learn: the better continuation of a pair, the right answer of a question.
    pub fn into_instruction(self) -> Result<Instruction, Unfit> {
        let unfit = self.unfit("an instruction");
        match self {
            Self::Instruction(record) => Ok(record),
            Self::Preference(record) => Ok(Instruction {
                id: record.id,
                messages: [record.prompt, record.chosen].concat(),
                visuals: record.visuals,
                extra: record.extra,
            }),
            Self::LatentPlan(_) => Err(unfit(LATENT)),
            other => other.into_rl_prompt()?.into_instruction().ok_or_else(|| unfit(UNANSWERED)),
        }
    }

    /// The record as a pair of continuations.
    pub fn into_preference(self) -> Result<Preference, Unfit> {
        let unfit = self.unfit("a preference");
        match self {
            Self::Preference(record) => Ok(record),
            _ => Err(unfit(NO_PAIR)),
        }
    }

    /// The record as a prompt with its right answer: the last assistant turn of a conversation, the better
    /// continuation of a pair, the letter of an option. A record that keeps its answer back gives a prompt without.
    pub fn into_rl_prompt(self) -> Result<RlPrompt, Unfit> {
        let unfit = self.unfit("an RL prompt");
        match self {
            Self::RlPrompt(record) => Ok(record),
            Self::Instruction(record) => from_instruction(record).map_err(unfit),
            Self::Preference(record) => from_preference(record).map_err(unfit),
            Self::MultipleChoice(record) => Ok(from_choices(record)),
            Self::Vqa(record) => Ok(from_vqa(record)),
            Self::VideoLog(record) => Ok(from_log(record)),
            Self::LatentPlan(record) => Ok(from_plan(record)),
        }
    }

    /// Kind of question, where the data say it.
    pub fn task(&self) -> Option<String> {
        match self {
            Self::RlPrompt(record) => record.task.clone(),
            other => task_of(other.extra()),
        }
    }

    fn unfit(&self, wanted: &'static str) -> impl Fn(&'static str) -> Unfit + use<> {
        let (id, found) = (self.id().to_owned(), self.kind());
        move |reason| Unfit { id: id.clone(), found, wanted, reason }
    }
}

impl RlPrompt {
    /// The prompt answered rightly; `None` without a right answer. Of several answers the first is taken.
    fn into_instruction(self) -> Option<Instruction> {
        let answer = match self.ground_truth? {
            GroundTruth::Text(text) => text,
            GroundTruth::Answers(answers) => answers.into_iter().next()?,
        };
        let mut messages = self.prompt;
        messages.push(Message::text(Role::Assistant, answer));
        Some(Instruction { id: self.id, messages, visuals: self.visuals, extra: self.extra })
    }
}

impl MultipleChoice {
    /// Question and options as one text: the authors' where they wrote it out, else a line for each option.
    pub fn prompt_text(&self) -> String {
        self.prompt.clone().unwrap_or_else(|| format!("{}\n{}", self.question, lettered(&self.choices)))
    }
}

impl VideoLog {
    /// Log, question and options as one text.
    pub fn prompt_text(&self) -> String {
        let log = if self.log.is_empty() { "(no log)" } else { &self.log };
        format!("[Video Log]\n{log}\n\nQuestion: {}\nOptions:\n{}", self.question, lettered(&self.choices))
    }
}

/// The options, each on its line: `A. a red cup`.
fn lettered(choices: &[Choice]) -> String {
    let mut text = String::new();
    for (index, Choice { letter, text: option }) in choices.iter().enumerate() {
        let separator = if index == 0 { "" } else { "\n" };
        let _ = write!(text, "{separator}{letter}. {option}");
    }
    text
}

fn from_instruction(record: Instruction) -> Result<RlPrompt, &'static str> {
    let mut prompt = record.messages;
    let answer = match prompt.pop() {
        Some(message) if message.role == Role::Assistant => only_text(&message),
        _ => return Err("its last turn is not the assistant's"),
    };
    let ground_truth = Some(GroundTruth::Text(answer.ok_or("its last turn shows pictures")?));
    let task = task_of(&record.extra);
    Ok(RlPrompt { id: record.id, prompt, ground_truth, task, visuals: record.visuals, extra: record.extra })
}

fn from_preference(record: Preference) -> Result<RlPrompt, &'static str> {
    let [turn] = record.chosen.as_slice() else {
        return Err("its better continuation has several turns");
    };
    let ground_truth =
        Some(GroundTruth::Text(only_text(turn).ok_or("its better continuation shows pictures")?));
    let task = task_of(&record.extra);
    let Preference { id, prompt, visuals, extra, .. } = record;
    Ok(RlPrompt { id, prompt, ground_truth, task, visuals, extra })
}

fn from_choices(record: MultipleChoice) -> RlPrompt {
    let prompt = vec![record.visuals.user_turn(record.prompt_text())];
    RlPrompt {
        id: record.id,
        prompt,
        ground_truth: record.answer.map(|letter| GroundTruth::Text(letter.to_string())),
        task: task_of(&record.extra),
        visuals: record.visuals,
        extra: record.extra,
    }
}

fn from_vqa(record: Vqa) -> RlPrompt {
    let ground_truth = match (record.answers.len(), record.answer) {
        (0 | 1, answer) => answer.or_else(|| record.answers.into_iter().next()).map(GroundTruth::Text),
        _ => Some(GroundTruth::Answers(record.answers)),
    };
    RlPrompt {
        id: record.id,
        prompt: vec![record.visuals.user_turn(record.question)],
        ground_truth,
        task: task_of(&record.extra),
        visuals: record.visuals,
        extra: record.extra,
    }
}

fn from_log(record: VideoLog) -> RlPrompt {
    RlPrompt {
        prompt: vec![Message::text(Role::User, record.prompt_text())],
        id: record.id,
        ground_truth: record.answer.map(|letter| GroundTruth::Text(letter.to_string())),
        task: task_of(&record.extra),
        visuals: super::Visuals::NONE,
        extra: record.extra,
    }
}

fn from_plan(record: LatentPlan) -> RlPrompt {
    RlPrompt {
        id: record.id,
        prompt: vec![record.visuals.user_turn(record.question)],
        ground_truth: record.final_answer.map(GroundTruth::Text),
        task: task_of(&record.extra),
        visuals: record.visuals,
        extra: record.extra,
    }
}

/// The kind of question, where a field says it.
fn task_of(extra: &super::Extra) -> Option<String> {
    let text = |field| extra.get(field).and_then(serde_json::Value::as_str).map(str::to_owned);
    ["task_type", "task", "category", "question_category"].into_iter().find_map(text)
}

/// The text of a turn; `None` if it shows pictures or videos.
fn only_text(message: &Message) -> Option<String> {
    match &message.content {
        Content::Text(text) => Some(text.clone()),
        Content::Parts(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Image | Part::Video => None,
            })
            .collect(),
    }
}
