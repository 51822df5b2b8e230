//! Facts in words: statements, questions and short answers.

use super::{Fact, Scene, Side, Wanted};

impl Side {
    /// How captions name the relation.
    pub const fn phrase(self) -> &'static str {
        match self {
            Side::Left => "left of",
            Side::Right => "right of",
            Side::Above => "above",
            Side::Below => "below",
        }
    }

    /// The one word of a short answer.
    pub const fn word(self) -> &'static str {
        match self {
            Side::Left => "left",
            Side::Right => "right",
            Side::Above => "above",
            Side::Below => "below",
        }
    }

    const fn clause(self) -> &'static str {
        match self {
            Side::Left => "to the left of",
            Side::Right => "to the right of",
            Side::Above => "above",
            Side::Below => "below",
        }
    }
}

impl Wanted {
    /// The kind in the plural, such as `red circles`, `circles` or `objects`.
    pub fn plural(&self) -> String {
        let noun = self.shape.map_or("object", |shape| shape.word());
        match self.colour {
            Some(colour) => format!("{} {noun}s", colour.word()),
            None => format!("{noun}s"),
        }
    }
}

impl Fact {
    /// The relation as captions name it; `None` for numbers.
    pub fn phrase(&self) -> Option<&'static str> {
        Some(match self {
            Fact::Relation { side, .. } => side.phrase(),
            Fact::Inside { inside: true, .. } => "inside",
            Fact::Inside { inside: false, .. } => "outside",
            Fact::Occlusion { front, first, .. } if front == first => "in front of",
            Fact::Occlusion { .. } => "behind",
            Fact::Proximity { near: true, .. } => "next to",
            Fact::Proximity { near: false, .. } => "far from",
            Fact::Between { .. } => "between",
            Fact::Closer { .. } => "closer to",
            Fact::Count { .. } | Fact::Distance { .. } => return None,
        })
    }

    /// The fact as a sentence, or as a number with its unit.
    pub fn statement(&self, scene: &Scene) -> String {
        let name = |at: &usize| name(scene, *at);
        match self {
            Fact::Relation { a, b, side } => format!("The {} is {} the {}.", name(a), side.clause(), name(b)),
            Fact::Inside { a, inside } => {
                format!("The {} is {} the frame.", name(a), if *inside { "inside" } else { "outside" })
            }
            Fact::Occlusion { front, back, .. } => {
                format!("The {} is in front of the {}.", name(front), name(back))
            }
            Fact::Proximity { a, b, near } => {
                let relation = if *near { "next to" } else { "far from" };
                format!("The {} is {relation} the {}.", name(a), name(b))
            }
            Fact::Between { middle, ends: [b, c] } => {
                format!("The {} is between the {} and the {}.", name(middle), name(b), name(c))
            }
            Fact::Count { number, .. } => number.to_string(),
            Fact::Distance { hundredths, .. } => format!("{} metres", metres(*hundredths)),
            Fact::Closer { anchor, near, far, .. } => {
                format!("The {} is closer to the {} than the {}.", name(near), name(anchor), name(far))
            }
        }
    }

    /// The fact as a caption that may be true or false: the [`statement`](Fact::statement), save that of two that
    /// overlap the one to be named first is the subject.
    pub fn caption(&self, scene: &Scene) -> String {
        match self {
            Fact::Occlusion { front, back, first } if first == back => {
                format!("The {} is behind the {}.", name(scene, *back), name(scene, *front))
            }
            _ => self.statement(scene),
        }
    }

    /// The fact in as few words as a question that names the alternatives needs.
    pub fn word(&self, scene: &Scene) -> String {
        match self {
            Fact::Relation { side, .. } => side.word().to_owned(),
            Fact::Occlusion { front: named, .. }
            | Fact::Between { middle: named, .. }
            | Fact::Closer { near: named, .. } => name(scene, *named),
            Fact::Inside { .. } | Fact::Proximity { .. } => self.phrase().unwrap_or_default().to_owned(),
            Fact::Count { number, .. } => number.to_string(),
            Fact::Distance { hundredths, .. } => metres(*hundredths),
        }
    }

    /// Questions that the statement answers, all with the same meaning.
    pub fn questions(&self, scene: &Scene) -> Vec<String> {
        let name = |at: &usize| name(scene, *at);
        match self {
            Fact::Relation { a, b, .. } => relation_questions(&name(a), &name(b)),
            Fact::Inside { a, .. } => vec![format!("Is the {} inside or outside the frame?", name(a))],
            Fact::Occlusion { front, back, first } => {
                let (a, b) = named_in_order([front, back], first);
                let pair = format!("the {} or the {}?", name(a), name(b));
                vec![format!("Which is in front, {pair}"), format!("Which object is drawn in front, {pair}")]
            }
            Fact::Proximity { a, b, .. } => {
                vec![format!("Is the {} next to or far from the {}?", name(a), name(b))]
            }
            Fact::Between { .. } => vec!["Which object is between the other two?".to_owned()],
            Fact::Count { wanted, .. } => {
                let kind = wanted.plural();
                vec![format!("How many {kind} are there?"), format!("How many {kind} are in the image?")]
            }
            Fact::Distance { a, b, .. } => distance_questions(&name(a), &name(b)),
            Fact::Closer { anchor, near, far, first } => {
                let (a, b) = named_in_order([near, far], first);
                let pair = format!("the {} or the {}?", name(a), name(b));
                vec![format!("Which object is closer to the {}, {pair}", name(anchor))]
            }
        }
    }

    /// The question that a [`word`](Fact::word) answers: it names the alternatives.
    pub fn short_question(&self, scene: &Scene) -> String {
        match self {
            Fact::Relation { a, b, side } => {
                let pair = match side {
                    Side::Left | Side::Right => "left or right of",
                    Side::Above | Side::Below => "above or below",
                };
                format!("Is the {} {pair} the {}?", name(scene, *a), name(scene, *b))
            }
            _ => self.questions(scene).swap_remove(0),
        }
    }
}

fn relation_questions(a: &str, b: &str) -> Vec<String> {
    vec![
        format!("Where is the {a} relative to the {b}?"),
        format!("What is the position of the {a} with respect to the {b}?"),
        format!("On which side of the {b} is the {a}?"),
    ]
}

fn distance_questions(a: &str, b: &str) -> Vec<String> {
    let pair = format!("the centres of the {a} and the {b}?");
    vec![
        format!("100 pixels are 1 metre. How far apart are {pair}"),
        format!("If 100 pixels are 1 metre, what is the distance between {pair}"),
    ]
}

/// The pair, the one to be named first in front.
pub(super) fn named_in_order<'a>([x, y]: [&'a usize; 2], first: &usize) -> (&'a usize, &'a usize) {
    if first == y { (y, x) } else { (x, y) }
}

pub(super) fn name(scene: &Scene, at: usize) -> String {
    scene.objects.get(at).map_or_else(String::new, |object| object.name())
}

fn metres(hundredths: u32) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
