//! One row: a scene, a question about it, its answer and an answer that is wrong.

use super::compose::{COUNT_CHOICES, Composition, count_of};
use super::fact::centimetres;
use super::wording::{name, named_in_order};
use super::{Distinct, Draws, Fact, Scene, SceneSettings, Style, Task};

/// A question about a scene with the right answer and a wrong one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What is asked.
    pub task: Task,
    /// How it is asked.
    pub style: Style,
    /// The picture.
    pub scene: Scene,
    /// What is true of it.
    pub fact: Fact,
    /// The text that goes with the picture.
    pub question: String,
    /// The right answer.
    pub answer: String,
    /// A wrong answer of the same form.
    pub rejected: String,
    /// What a caption or a list of choices adds.
    pub form: Form,
}

/// What the style adds to question and answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    Free,
    /// A caption, and whether it is true.
    Caption {
        /// The caption.
        caption: String,
        /// What it says of the scene, true or not.
        said: Fact,
        /// Whether it is true.
        holds: bool,
    },
    /// Choices under letters.
    Choices {
        /// The question without the list.
        stem: String,
        /// The texts of the choices.
        choices: Vec<String>,
        /// The place of the right one.
        right: usize,
    },
}

/// How many forms a style gives each outcome: labels of a caption, places of the right choice.
pub(super) fn forms(task: Task, style: Style) -> u32 {
    match (style, task) {
        (Style::Sentence | Style::Word | Style::Steps | Style::Places, _) => 1,
        (Style::Choice, Task::Count) => COUNT_CHOICES,
        (Style::TrueFalse | Style::Choice, _) => 2,
    }
}

/// Which outcome of the task, and which form of it.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) outcome: u32,
    pub(super) form: u32,
}

impl Example {
    pub(super) fn new(
        composition: Composition,
        (task, style): (Task, Style),
        target: Target,
        settings: &SceneSettings,
        draws: &mut Draws,
    ) -> Option<Self> {
        let Composition { scene, fact } = composition;
        let worded = match style {
            Style::Sentence => sentence(&fact, &scene, draws)?,
            Style::Word => word(&fact, &scene, draws),
            Style::Steps => steps(&fact, &scene, settings, draws),
            Style::Places => places(&fact, &scene, settings)?,
            Style::TrueFalse => caption(&fact, &scene, target)?,
            Style::Choice => choice(&fact, &scene, target, settings, draws)?,
        };
        let Worded { question, answer, rejected, form } = worded;
        Some(Self { task, style, scene, fact, question, answer, rejected, form })
    }
}

struct Worded {
    question: String,
    answer: String,
    rejected: String,
    form: Form,
}

fn sentence(fact: &Fact, scene: &Scene, draws: &mut Draws) -> Option<Worded> {
    let question = draws.pick(&fact.questions(scene))?.clone();
    let rejected = mistaken(fact, draws).statement(scene);
    Some(Worded { question, answer: fact.statement(scene), rejected, form: Form::Free })
}

fn word(fact: &Fact, scene: &Scene, draws: &mut Draws) -> Worded {
    let rejected = mistaken(fact, draws).word(scene);
    Worded { question: fact.short_question(scene), answer: fact.word(scene), rejected, form: Form::Free }
}

/// Where objects are; told wrongly, each is taken for the next one.
fn thoughts(fact: &Fact, scene: &Scene, settings: &SceneSettings) -> [String; 2] {
    let named = fact.objects(scene);
    let mut mixed_up = named.clone();
    let by = mixed_up.len().min(1);
    mixed_up.rotate_left(by);
    [&named, &mixed_up].map(|seen| {
        let step = |(&named, &seen): (&usize, &usize)| {
            let [column, row] = scene.objects.get(seen).map_or([0, 0], |o| settings.cell(o.x, o.y));
            format!("{} {column} {row}", short_name(scene, named, settings))
        };
        let steps: Vec<_> = named.iter().zip(seen).map(step).collect();
        format!("<think>{}</think>", steps.join(", "))
    })
}

/// The wrong steps mix the objects up and end accordingly.
fn steps(fact: &Fact, scene: &Scene, settings: &SceneSettings, draws: &mut Draws) -> Worded {
    let [right, wrong] = thoughts(fact, scene, settings);
    let answer = format!("{right}<answer>{}</answer>", fact.word(scene));
    let rejected = format!("{wrong}<answer>{}</answer>", mistaken(fact, draws).word(scene));
    Worded { question: fact.short_question(scene), answer, rejected, form: Form::Free }
}

/// `None` where the mistake would not show: the objects lie in one cell.
fn places(fact: &Fact, scene: &Scene, settings: &SceneSettings) -> Option<Worded> {
    let [answer, rejected] = thoughts(fact, scene, settings);
    let names: Vec<_> = fact.objects(scene).iter().map(|&at| format!("the {}", name(scene, at))).collect();
    let question = format!("Where are {}?", names.join(" and "));
    (answer != rejected).then_some(Worded { question, answer, rejected, form: Form::Free })
}

/// The colour where it is enough, else colour and shape.
fn short_name(scene: &Scene, at: usize, settings: &SceneSettings) -> String {
    match (settings.distinct, scene.objects.get(at)) {
        (Distinct::Colours, Some(object)) => object.colour.word().to_owned(),
        _ => name(scene, at),
    }
}

fn caption(fact: &Fact, scene: &Scene, target: Target) -> Option<Worded> {
    let holds = target.form == 0;
    let said = if holds { fact.clone() } else { fact.opposite()? };
    let caption = said.caption(scene);
    let [answer, rejected] = if holds { ["true", "false"] } else { ["false", "true"] }.map(str::to_owned);
    let question = format!("{caption} True or false?");
    Some(Worded { question, answer, rejected, form: Form::Caption { caption, said, holds } })
}

fn choice(
    fact: &Fact,
    scene: &Scene,
    target: Target,
    settings: &SceneSettings,
    draws: &mut Draws,
) -> Option<Worded> {
    let right = target.form as usize;
    let (stem, mut choices, truth) = match fact {
        Fact::Count { .. } => {
            let (number, first) = count_of(target.outcome, Style::Choice, settings);
            let run = (first..first + COUNT_CHOICES).map(|n| n.to_string()).collect::<Vec<_>>();
            (fact.questions(scene).swap_remove(0), run, number.to_string())
        }
        Fact::Relation { side, .. } => {
            let pair = vec![side.word().to_owned(), side.opposite().word().to_owned()];
            (fact.questions(scene).swap_remove(0), pair, side.word().to_owned())
        }
        Fact::Occlusion { front, back, first } | Fact::Closer { near: front, far: back, first, .. } => {
            let (a, b) = named_in_order([front, back], first);
            let stem = match fact {
                Fact::Closer { .. } => fact.questions(scene).swap_remove(0),
                _ => "Which object is in front?".to_owned(),
            };
            (stem, vec![name(scene, *a), name(scene, *b)], name(scene, *front))
        }
        _ => return None,
    };
    draws.shuffle(&mut choices);
    let at = choices.iter().position(|choice| *choice == truth)?;
    choices.swap(at, right);
    let wrong = (right + 1 + draws.below(choices.len() as u32 - 1) as usize) % choices.len();
    let lines: Vec<_> =
        choices.iter().enumerate().map(|(at, text)| format!("{} {text}", letter(at))).collect();
    let question = format!("{stem} Select from the following choices.\n{}", lines.join("\n"));
    let form = Form::Choices { stem, choices, right };
    Some(Worded { question, answer: letter(right), rejected: letter(wrong), form })
}

/// The place of a choice as CV-Bench writes it.
pub(super) fn letter(at: usize) -> String {
    format!("({})", char::from(b'A' + (at % 26) as u8))
}

/// A fact that is wrong but plausible: the opposite, a count one or two off, a distance much too small or too large.
fn mistaken(fact: &Fact, draws: &mut Draws) -> Fact {
    match *fact {
        Fact::Count { wanted, number } => {
            let off = 1 + draws.below(2);
            let number = if draws.below(2) == 0 && number >= off { number - off } else { number + off };
            Fact::Count { wanted, number }
        }
        Fact::Distance { a, b, hundredths } => {
            let (short, long) = (hundredths * 2 / 5, hundredths * 5 / 2);
            let hundredths = if draws.below(2) == 0 { short } else { long.max(centimetres(1)) };
            Fact::Distance { a, b, hundredths }
        }
        _ => fact.opposite().unwrap_or_else(|| fact.clone()),
    }
}
