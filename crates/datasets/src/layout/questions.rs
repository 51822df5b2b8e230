//! Plain shapes that many sets share: a question with options, an image with a caption.

use vlm_processor::{Message, Role};

use super::choices;
use super::sign::Sign;
use super::{Layout, Spec};
use crate::raw_row::RawRow;
use crate::record::{Instruction, MultipleChoice, Record, Visuals};
use crate::row_error::{Checked, Fault};

pub(super) const SPECS: &[Spec] = &[
    Spec {
        layout: Layout::Choices,
        name: "choices",
        signs: &[
            &[Sign::Text("question"), Sign::List("choices")],
            &[Sign::Text("question"), Sign::List("options")],
            &[Sign::OneOf(IMAGES), Sign::Text("question"), Sign::List("choices"), Sign::Any("answer")],
            &[Sign::OneOf(IMAGES), Sign::Text("question"), Sign::List("options"), Sign::Any("answer")],
        ],
        read: multiple_choice,
    },
    Spec {
        layout: Layout::Caption,
        name: "caption",
        signs: &[&[Sign::Any("image"), Sign::Text("text")], &[Sign::Any("image"), Sign::Text("caption")]],
        read: caption,
    },
];

const IMAGES: &[&str] = &["image", "images"];

fn multiple_choice(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["id", "question_id", "qid", "idx"])?;
    let question = row.text("question")?;
    let options = row.take_first(&["choices", "options"]);
    let (field, options) = options.ok_or_else(|| Fault::missing("choices", "a list of options"))?;
    let choices = choices::listed(field, options)?;
    let answer = row.take_first(&["answer", "answer_label", "label", "correct_choice_idx"]);
    let (field, answer) = answer.map_or(("answer", None), |(field, value)| (field, Some(value)));
    let answer = choices::answer_if_any(field, answer, &choices)?;
    let visuals = Visuals::of_images(row.images(IMAGES)?);
    let extra = std::mem::take(&mut row.fields);
    Ok(Record::MultipleChoice(MultipleChoice { id, question, choices, answer, prompt: None, visuals, extra }))
}

fn caption(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["id"])?;
    let text = row.text_of(&["caption", "text"])?;
    let visuals = Visuals::of_images(vec![row.image(&["image"])?]);
    let messages = vec![visuals.user_turn("Describe this image."), Message::text(Role::Assistant, text)];
    Ok(Record::Instruction(Instruction { id, messages, visuals, extra: std::mem::take(&mut row.fields) }))
}
