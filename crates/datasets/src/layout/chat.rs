//! Conversations: the layouts that trainers share.

use serde_json::Value;
use vlm_processor::{Message, Role};

use super::conversation::Conversation;
use super::sign::Sign;
use super::{Layout, Spec};
use crate::raw_row::{RawRow, answer_text, filled_text, object};
use crate::record::{GroundTruth, Instruction, Record, RlPrompt, Visuals};
use crate::row_error::{Checked, Fault};

pub(super) const SPECS: &[Spec] = &[
    Spec {
        layout: Layout::Messages,
        name: "messages",
        // The second for turns whose question and answer stand beside them once more.
        signs: &[
            &[Sign::Turns("messages", "role")],
            &[
                Sign::Turns("messages", "role"),
                Sign::OneOf(&["image", "images"]),
                Sign::OneOf(&["question", "prompt"]),
                Sign::OneOf(&["answer", "response"]),
            ],
        ],
        read: messages,
    },
    Spec {
        layout: Layout::ShareGpt,
        name: "sharegpt",
        signs: &[&[Sign::Turns("conversations", "from")], &[Sign::Turns("conversations", "role")]],
        read: sharegpt,
    },
    Spec {
        layout: Layout::Alpaca,
        name: "alpaca",
        signs: &[&[Sign::Text("instruction"), Sign::Text("output")]],
        read: alpaca,
    },
    Spec {
        layout: Layout::QueryResponse,
        name: "query-response",
        signs: &[&[Sign::Text("query"), Sign::Text("response")]],
        read: query_response,
    },
    Spec {
        layout: Layout::PromptCompletion,
        name: "prompt-completion",
        signs: &[&[Sign::TurnsOrText("prompt"), Sign::TurnsOrText("completion")]],
        read: prompt_completion,
    },
    Spec { layout: Layout::Prompt, name: "prompt", signs: &[&[Sign::TurnsOrText("prompt")]], read: prompt },
    Spec {
        layout: Layout::Verl,
        name: "verl",
        signs: &[&[Sign::TurnsOrText("prompt"), Sign::Object("reward_model")]],
        read: verl,
    },
];

/// Fields in which a prompt's right answer stands, in the order in which they are looked for.
const GROUND_TRUTH: &[&str] = &["ground_truth", "solution", "answer", "label"];
const IDS: &[&str] = &["id", "uid", "idx"];

/// A conversation to learn if the assistant speaks last, else a prompt.
pub(super) fn conversation(row: &mut RawRow, field: &'static str) -> Checked<Record> {
    let id = row.id(IDS)?;
    let home = row.home.clone();
    let mut reader = Conversation::new(&home);
    let value = row.value(field, "a list of turns")?;
    let mut messages = reader.turns(field, value, Role::User)?;
    if let Some(system) = row.text_if_any("system")?.filter(|text| !text.is_empty()) {
        messages.insert(0, Message::text(Role::System, system));
    }
    let visuals = reader.finish(row, &mut [&mut messages])?;
    if messages.last().is_some_and(|message| message.role == Role::Assistant) {
        return Ok(Record::Instruction(Instruction {
            id,
            messages,
            visuals,
            extra: std::mem::take(&mut row.fields),
        }));
    }
    Ok(rl_prompt(row, id, messages, visuals))
}

fn messages(row: &mut RawRow) -> Checked<Record> {
    conversation(row, "messages")
}

fn sharegpt(row: &mut RawRow) -> Checked<Record> {
    conversation(row, "conversations")
}

/// A prompt whose right answer is looked for in the row's fields.
fn rl_prompt(row: &mut RawRow, id: String, prompt: Vec<Message>, visuals: Visuals) -> Record {
    let truth = GROUND_TRUTH.iter().find_map(|field| row.fields.get(*field)).filter(|value| !value.is_null());
    let ground_truth = truth.cloned().map(|value| GroundTruth::Text(answer_text(value)));
    let task = row.fields.get("task_type").and_then(Value::as_str).map(str::to_owned);
    Record::RlPrompt(RlPrompt {
        id,
        prompt,
        ground_truth,
        task,
        visuals,
        extra: std::mem::take(&mut row.fields),
    })
}

/// The turns before the last answer, from `instruction` and `input`, `history` and `system`.
pub(super) fn alpaca_prompt(row: &mut RawRow) -> Checked<Vec<Message>> {
    let instruction = row.text("instruction")?;
    let user = match row.text_if_any("input")?.filter(|input| !input.is_empty()) {
        Some(input) => format!("{instruction}\n{input}"),
        None => instruction,
    };
    let mut messages = earlier(row)?;
    messages.push(Message::text(Role::User, user));
    Ok(messages)
}

/// The system turn, and a `history` of pairs of query and response.
fn earlier(row: &mut RawRow) -> Checked<Vec<Message>> {
    let system = row.text_if_any("system")?.filter(|text| !text.is_empty());
    let mut messages: Vec<Message> =
        system.into_iter().map(|text| Message::text(Role::System, text)).collect();
    let history = match row.take("history") {
        Some(value) => crate::raw_row::list("history", value)?,
        None => Vec::new(),
    };
    for (index, pair) in history.into_iter().enumerate() {
        let field = format!("history[{index}]");
        let mut pair = crate::raw_row::texts(&field, pair)?.into_iter();
        match (pair.next(), pair.next(), pair.next()) {
            (Some(query), Some(response), None) => {
                messages.push(Message::text(Role::User, query));
                messages.push(Message::text(Role::Assistant, response));
            }
            _ => return Err(Fault::unexpected(field, "another number of texts", "a query and its response")),
        }
    }
    Ok(messages)
}

fn alpaca(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(IDS)?;
    let mut messages = alpaca_prompt(row)?;
    messages.push(Message::text(Role::Assistant, row.text("output")?));
    instruction(row, id, messages)
}

fn query_response(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(IDS)?;
    let mut messages = earlier(row)?;
    messages.push(Message::text(Role::User, row.text("query")?));
    messages.push(Message::text(Role::Assistant, row.text("response")?));
    instruction(row, id, messages)
}

fn instruction(row: &mut RawRow, id: String, mut messages: Vec<Message>) -> Checked<Record> {
    let home = row.home.clone();
    let visuals = Conversation::new(&home).finish(row, &mut [&mut messages])?;
    Ok(Record::Instruction(Instruction { id, messages, visuals, extra: std::mem::take(&mut row.fields) }))
}

fn prompt_completion(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(IDS)?;
    let home = row.home.clone();
    let mut reader = Conversation::new(&home);
    let prompt = row.value("prompt", "a text or a list of turns")?;
    let completion = row.value("completion", "a text or a list of turns")?;
    let mut messages = reader.turns("prompt", prompt, Role::User)?;
    let mut answer = reader.turns("completion", completion, Role::Assistant)?;
    let visuals = reader.finish(row, &mut [&mut messages, &mut answer])?;
    messages.append(&mut answer);
    Ok(Record::Instruction(Instruction { id, messages, visuals, extra: std::mem::take(&mut row.fields) }))
}

fn prompt(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(IDS)?;
    let home = row.home.clone();
    let mut reader = Conversation::new(&home);
    let value = row.value("prompt", "a text or a list of turns")?;
    if let Value::String(text) = &value {
        filled_text("prompt", Value::String(text.clone()))?;
    }
    let mut messages = reader.turns("prompt", value, Role::User)?;
    let visuals = reader.finish(row, &mut [&mut messages])?;
    Ok(rl_prompt(row, id, messages, visuals))
}

fn verl(row: &mut RawRow) -> Checked<Record> {
    let mut model = object("reward_model", row.value("reward_model", "an object with a ground_truth")?)?;
    let truth = model.remove("ground_truth").filter(|value| !value.is_null());
    let truth = truth.ok_or_else(|| Fault::missing("reward_model.ground_truth", "the right answer"))?;
    let id = match row.fields.get("extra_info").and_then(|info| info.get("index")) {
        Some(Value::Number(index)) => index.to_string(),
        Some(Value::String(index)) => index.clone(),
        _ => row.id(IDS)?,
    };
    let task = row.fields.get("ability").or_else(|| row.fields.get("data_source"));
    let task = task.and_then(Value::as_str).map(str::to_owned);
    let home = row.home.clone();
    let mut reader = Conversation::new(&home);
    let turns = row.value("prompt", "a list of turns")?;
    let mut prompt = reader.turns("prompt", turns, Role::User)?;
    let visuals = reader.finish(row, &mut [&mut prompt])?;
    let ground_truth = Some(GroundTruth::Text(answer_text(truth)));
    Ok(Record::RlPrompt(RlPrompt {
        id,
        prompt,
        ground_truth,
        task,
        visuals,
        extra: std::mem::take(&mut row.fields),
    }))
}
