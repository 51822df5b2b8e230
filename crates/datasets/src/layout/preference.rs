//! Pairs of a better and a worse continuation.

use serde_json::Value;
use vlm_processor::{Message, Role};

use super::chat::alpaca_prompt;
use super::conversation::Conversation;
use super::sign::Sign;
use super::{Layout, Spec};
use crate::raw_row::{RawRow, text};
use crate::record::{Preference, Record};
use crate::row_error::{Checked, Fault};

pub(super) const SPECS: &[Spec] = &[
    Spec {
        layout: Layout::ChosenRejected,
        name: "chosen-rejected",
        signs: &[
            &[Sign::TurnsOrText("chosen"), Sign::TurnsOrText("rejected")],
            &[Sign::TurnsOrText("prompt"), Sign::TurnsOrText("chosen"), Sign::TurnsOrText("rejected")],
            &[
                Sign::Turns("conversations", "from"),
                Sign::Turns("chosen", "from"),
                Sign::Turns("rejected", "from"),
            ],
            &[Sign::Text("instruction"), Sign::Text("chosen"), Sign::Text("rejected")],
        ],
        read: chosen_rejected,
    },
    Spec {
        layout: Layout::RejectedResponse,
        name: "rejected-response",
        signs: &[
            &[Sign::Turns("messages", "role"), Sign::OneOf(&["rejected_response", "rejected_messages"])],
            &[Sign::Text("query"), Sign::Text("response"), Sign::Text("rejected_response")],
        ],
        read: rejected_response,
    },
];

const IDS: &[&str] = &["id", "uid", "idx"];

fn chosen_rejected(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(IDS)?;
    let home = row.home.clone();
    let mut reader = Conversation::new(&home);
    let chosen = row.value("chosen", "the better continuation")?;
    let rejected = row.value("rejected", "the worse continuation")?;
    let (mut prompt, mut chosen, mut rejected) = if row.has("instruction") {
        (
            alpaca_prompt(row)?,
            continuation(&mut reader, "chosen", chosen)?,
            continuation(&mut reader, "rejected", rejected)?,
        )
    } else if let Some((field, value)) = row.take_first(&["prompt", "conversations"]) {
        let prompt = reader.turns(field, value, Role::User)?;
        (
            prompt,
            continuation(&mut reader, "chosen", chosen)?,
            continuation(&mut reader, "rejected", rejected)?,
        )
    } else {
        shared_prompt(&mut reader, chosen, rejected)?
    };
    let visuals = reader.finish(row, &mut [&mut prompt, &mut chosen, &mut rejected])?;
    let extra = std::mem::take(&mut row.fields);
    Ok(Record::Preference(Preference { id, prompt, chosen, rejected, visuals, extra }))
}

/// A continuation; a whole conversation that repeats the prompt is cut by [`shared_prompt`] only.
fn continuation(reader: &mut Conversation<'_>, field: &str, value: Value) -> Checked<Vec<Message>> {
    let turns = reader.turns(field, value, Role::Assistant)?;
    match turns.first() {
        Some(first) if first.role == Role::Assistant => Ok(turns),
        _ => Ok(turns.into_iter().skip_while(|turn| turn.role != Role::Assistant).collect())
            .and_then(|rest: Vec<Message>| filled(field, rest)),
    }
}

fn filled(field: &str, turns: Vec<Message>) -> Checked<Vec<Message>> {
    if turns.is_empty() {
        return Err(Fault::unexpected(field, "no assistant turn", "a continuation by the assistant"));
    }
    Ok(turns)
}

type Pair = (Vec<Message>, Vec<Message>, Vec<Message>);

/// Two conversations that begin alike: the common turns are the prompt.
fn shared_prompt(reader: &mut Conversation<'_>, chosen: Value, rejected: Value) -> Checked<Pair> {
    if chosen.is_string() || rejected.is_string() {
        return Err(Fault::missing("prompt", "the prompt of two continuations that are texts"));
    }
    let mut prompt = reader.turns("chosen", chosen, Role::Assistant)?;
    let mut worse = reader.turns("rejected", rejected, Role::Assistant)?;
    let shorter = prompt.len().min(worse.len()) - 1;
    let common = prompt.iter().zip(&worse).take(shorter).take_while(|(a, b)| a == b).count();
    let better = filled("chosen", prompt.split_off(common))?;
    let worse = filled("rejected", worse.split_off(common))?;
    if prompt.is_empty() {
        return Err(Fault::unexpected(
            "rejected",
            "a first turn unlike that of chosen",
            "the same prompt in both",
        ));
    }
    Ok((prompt, better, worse))
}

fn rejected_response(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(IDS)?;
    let home = row.home.clone();
    let mut reader = Conversation::new(&home);
    let mut prompt = match row.take("messages") {
        Some(turns) => reader.turns("messages", turns, Role::User)?,
        None => vec![
            Message::text(Role::User, row.text("query")?),
            Message::text(Role::Assistant, row.text("response")?),
        ],
    };
    let field = if row.has("messages") { "messages" } else { "response" };
    let start = prompt.iter().rposition(|turn| turn.role == Role::User).map_or(0, |last| last + 1);
    let mut chosen = filled(field, prompt.split_off(start))?;
    let mut rejected = match row.take("rejected_messages") {
        Some(turns) => continuation(&mut reader, "rejected_messages", turns)?,
        None => {
            let value = row.value("rejected_response", "the worse answer")?;
            vec![Message::text(Role::Assistant, text("rejected_response", value)?)]
        }
    };
    let visuals = reader.finish(row, &mut [&mut prompt, &mut chosen, &mut rejected])?;
    let extra = std::mem::take(&mut row.fields);
    Ok(Record::Preference(Preference { id, prompt, chosen, rejected, visuals, extra }))
}
