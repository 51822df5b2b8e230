//! Questions about videos: EgoSchema, UrbanVideo-Bench, teachers' logs, MVBench, Video-MME.

use serde_json::Value;

use super::choices::{answer_if_any, lettered, listed};
use super::conversation::one_video;
use super::sign::Sign;
use super::urban::split_question;
use super::{Layout, Spec};
use crate::raw_row::{RawRow, text, texts};
use crate::record::{Choice, MultipleChoice, Record, VideoLog, VideoRef, Visuals};
use crate::row_error::{Checked, Fault};

pub(super) const SPECS: &[Spec] = &[
    Spec {
        layout: Layout::EgoSchema,
        name: "egoschema",
        signs: &[
            &[Sign::Any("q_uid"), Sign::Text("question"), Sign::Any("option 0")],
            &[
                Sign::Any("video_idx"),
                Sign::Any("question_idx"),
                Sign::Text("question"),
                Sign::List("option"),
            ],
        ],
        read: egoschema,
    },
    Spec {
        layout: Layout::UrbanVideo,
        name: "urbanvideo",
        signs: &[&[Sign::Any("Question_id"), Sign::Any("video_id"), Sign::Text("question")]],
        read: urbanvideo,
    },
    Spec {
        layout: Layout::VideoLog,
        name: "video-log",
        signs: &[
            &[
                Sign::Text("question"),
                Sign::OneOf(LOGS),
                Sign::OneOf(&["option_a", "option_0", "option 0", "0", "choices"]),
            ],
            &[Sign::Any("q_uid"), Sign::Text("question"), Sign::OneOf(LOGS), Sign::Any("option 0")],
        ],
        read: video_log,
    },
    Spec {
        layout: Layout::MvBench,
        name: "mvbench",
        signs: &[&[Sign::Any("video"), Sign::Text("question"), Sign::List("candidates")]],
        read: mvbench,
    },
    Spec {
        layout: Layout::VideoMme,
        name: "video-mme",
        signs: &[
            &[Sign::Any("question_id"), Sign::Any("videoID"), Sign::Text("question"), Sign::List("options")],
            &[Sign::Any("question_id"), Sign::Any("video_id"), Sign::Text("question"), Sign::List("options")],
        ],
        read: video_mme,
    },
];

const LOGS: &[&str] = &["vlm_analysis", "video_log", "content"];
const LETTERED: [&str; 8] =
    ["option_a", "option_b", "option_c", "option_d", "option_e", "option_f", "option_g", "option_h"];
const UNDERSCORED: [&str; 8] =
    ["option_0", "option_1", "option_2", "option_3", "option_4", "option_5", "option_6", "option_7"];
const SPACED: [&str; 8] =
    ["option 0", "option 1", "option 2", "option 3", "option 4", "option 5", "option 6", "option 7"];
const BARE: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];

/// Options that have a field each; the last field that is there ends them.
fn numbered(row: &mut RawRow, fields: &[&'static str; 8]) -> Checked<Vec<Choice>> {
    let last = fields.iter().rposition(|field| row.fields.contains_key(*field)).map_or(0, |last| last + 1);
    let option = |field: &&'static str| row.take(field).map(|value| text(field, value)).transpose();
    let options: Checked<Vec<Option<String>>> = fields[..last].iter().map(option).collect();
    lettered(fields[0], options?)
}

fn question_with_video(
    row: &mut RawRow,
    id: String,
    question: String,
    choices: Vec<Choice>,
    video: Option<VideoRef>,
) -> Checked<Record> {
    let answer = row.take_first(&["answer", "answer_label", "truth", "CA"]);
    let (field, answer) = answer.map_or(("answer", None), |(field, value)| (field, Some(value)));
    let answer = answer_if_any(field, answer, &choices)?;
    let visuals = Visuals { videos: video.into_iter().collect(), ..Visuals::NONE };
    let extra = std::mem::take(&mut row.fields);
    Ok(Record::MultipleChoice(MultipleChoice { id, question, choices, answer, prompt: None, visuals, extra }))
}

/// The clip that `video` names, else `stem` with the ending mp4.
fn clip(row: &mut RawRow, stem: Option<&str>) -> Checked<Option<VideoRef>> {
    if let Some(value) = row.take("video") {
        return Ok(one_video(&row.home, "video", value)?.pop());
    }
    Ok(stem
        .map(|stem| VideoRef::Clip(if stem.contains('.') { stem.to_owned() } else { format!("{stem}.mp4") })))
}

fn egoschema(row: &mut RawRow) -> Checked<Record> {
    let published = row.has("q_uid");
    let id = row.id(&["q_uid", "question_idx"])?;
    let question = row.text("question")?;
    let choices = match row.take("option") {
        Some(options) => listed("option", options)?,
        None => numbered(row, &SPACED)?,
    };
    let stem = if published { Some(id.clone()) } else { row.text_if_any("video_idx")? };
    let video = clip(row, stem.as_deref())?;
    question_with_video(row, id, question, choices, video)
}

fn urbanvideo(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["Question_id"])?;
    let (question, options) = split_question(&row.text("question")?)?;
    let choices = lettered("question", options.into_iter().map(Some).collect())?;
    let stem = row.fields.get("video_id").and_then(Value::as_str).map(str::to_owned);
    let video = clip(row, stem.as_deref())?;
    question_with_video(row, id, question, choices, video)
}

fn video_log(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["id", "q_uid", "Question_id", "question_id"])?;
    let question = row.text("question")?;
    let log = log_text(row)?;
    let choices = if row.has("option_a") {
        numbered(row, &LETTERED)?
    } else if row.has("option_0") {
        numbered(row, &UNDERSCORED)?
    } else if row.has("option 0") {
        numbered(row, &SPACED)?
    } else if row.has("0") {
        numbered(row, &BARE)?
    } else {
        listed("choices", row.value("choices", "options")?)?
    };
    let answer = row.take_first(&["answer", "answer_label"]);
    let (field, answer) = answer.map_or(("answer", None), |(field, value)| (field, Some(value)));
    let answer = answer_if_any(field, answer, &choices)?;
    let extra = std::mem::take(&mut row.fields);
    Ok(Record::VideoLog(VideoLog { id, question, choices, answer, log, extra }))
}

/// The first log that says something; a list of entries is joined by line ends.
fn log_text(row: &mut RawRow) -> Checked<String> {
    for field in LOGS {
        let log = match row.take(field) {
            Some(Value::String(log)) => log,
            Some(entries @ Value::Array(_)) => texts(field, entries)?.join("\n"),
            Some(other) => {
                return Err(Fault::unexpected(*field, crate::raw_row::shown(&other), "a text or texts"));
            }
            None => continue,
        };
        if !log.trim().is_empty() {
            return Ok(log);
        }
    }
    Ok(String::new())
}

fn mvbench(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["id", "question_id"])?;
    let question = row.text("question")?;
    let choices = listed("candidates", row.value("candidates", "a list of options")?)?;
    let video = clip(row, None)?;
    question_with_video(row, id, question, choices, video)
}

fn video_mme(row: &mut RawRow) -> Checked<Record> {
    let id = row.id(&["question_id"])?;
    let question = row.text("question")?;
    let choices = listed("options", row.value("options", "a list of options")?)?;
    let stem =
        ["videoID", "video_id"].iter().find_map(|field| row.fields.get(*field).and_then(Value::as_str));
    let stem = stem.map(str::to_owned);
    let video = clip(row, stem.as_deref())?;
    question_with_video(row, id, question, choices, video)
}
